"""Which kinds are listed and watched: those whose CRD is there, and each other one from when it comes.

kopf never looks for a kind again that it did not find at its start (design/kopf.md K30), so every kind has a watcher of its
own, started when it is there. A CRD that goes ends its watcher and with it the process; the next one serves the rest.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection

from vnetlink.domain.kinds import KINDS
from vnetlink.handlers.intake import Intake
from vnetlink.handlers.watch import Watcher
from vnetlink.kube import discovery
from vnetlink.kube.api import ApiServer

LOOK = 2.0  # seconds between two looks for a kind that is missing
SWEEP, SWEEP_AGAIN = 300.0, 10.0  # seconds; the second after a list that could not be read
WATCH_ENDS = 3.0  # kopf may wait longer for its idle workers; nothing is lost without it

log = logging.getLogger(__name__)


class Serving:
    """`watcher` makes one for a kind, not started yet. `watchers` is always the same list."""

    def __init__(
        self, api: ApiServer, intake: Intake, watcher: Callable[[str], Watcher], kinds: frozenset[str]
    ) -> None:
        self._api, self._intake, self._watcher, self._kinds = api, intake, watcher, kinds
        self.watchers: list[Watcher] = []

    async def unlisted(self) -> str | None:
        """What is missing before the first turn; None once all objects of the kinds that are there are known."""
        return None if await self._intake.sweep(self._kinds) else "the first list of objects has not been read"

    def watch(self) -> None:
        """Begin to watch the kinds that are there."""
        self._watch(self._kinds)
        if absent := KINDS.keys() - self._kinds:
            log.warning("not everything is served: %s", discovery.waiting_for(absent))

    async def sweep(self) -> None:
        """Compare with full lists again and again, for ever."""
        while True:
            complete = await self._intake.sweep(self._kinds)
            await asyncio.sleep(SWEEP if complete else SWEEP_AGAIN)

    async def pick_up(self) -> None:
        """Serve each missing kind from when it comes. Does not end."""
        while KINDS.keys() - self._kinds:
            await asyncio.sleep(LOOK)
            found = await discovery.served(self._api)
            if not isinstance(found, str) and (new := found - self._kinds):
                await self._add(new)
        await asyncio.Event().wait()

    async def _add(self, kinds: frozenset[str]) -> None:
        """Listed before it is watched, so that all claims of a kind are known before the first of its turns."""
        if await self._intake.sweep(kinds):
            self._kinds |= kinds
            self._watch(kinds)
            log.info("serving %s from now on", ", ".join(sorted(kinds)))

    def _watch(self, kinds: Collection[str]) -> None:
        for kind in sorted(kinds):
            watcher = self._watcher(kind)
            self.watchers.append(watcher)
            watcher.start()

    async def stop(self) -> None:
        """End every watch."""
        await asyncio.gather(*(asyncio.to_thread(watcher.stop, WATCH_ENDS) for watcher in self.watchers))
