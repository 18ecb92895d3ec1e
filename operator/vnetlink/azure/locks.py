"""One lock for each VNet, taken in one order by everybody. Holds nothing for a VNet that nobody waits for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from vnetlink.domain.arm_id import VnetId


@dataclass(slots=True)
class _Shared:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0


class VnetLocks:
    """Locks by lower-cased id; sorted, so that two pairs that share both VNets cannot wait for each other."""

    def __init__(self) -> None:
        self._locks: dict[str, _Shared] = {}

    @asynccontextmanager
    async def held(self, *vnets: VnetId) -> AsyncIterator[None]:
        """Holds the locks of all `vnets`."""
        async with AsyncExitStack() as stack:
            for key in sorted({vnet.key for vnet in vnets}):
                await stack.enter_async_context(self._one(key))
            yield

    @asynccontextmanager
    async def _one(self, key: str) -> AsyncIterator[None]:
        shared = self._locks.setdefault(key, _Shared())
        shared.users += 1
        try:
            async with shared.lock:
                yield
        finally:
            shared.users -= 1
            if not shared.users:
                del self._locks[key]

    def __len__(self) -> int:
        return len(self._locks)
