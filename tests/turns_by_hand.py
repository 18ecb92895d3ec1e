"""The operator's turns without its process: one after another, against a real API server and an Azure, on a clock that nobody waits for."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from armsim_process import ArmsimProcess
from azure_bench import Bench
from ports_in_memory import Told
from vnetlink.domain.kinds import KINDS
from vnetlink.domain.outcome import Present
from vnetlink.domain.specs import ObjectKey
from vnetlink.kube.api import ApiServer, Body, path
from vnetlink.kube.children import Children
from vnetlink.kube.claims import Claims
from vnetlink.kube.credentials import Credentials
from vnetlink.kube.decode import key_of
from vnetlink.kube.deletions import Deletions
from vnetlink.kube.objects import Objects, collection_path, object_path
from vnetlink.kube.secrets import Secrets
from vnetlink.kube.status import StatusWriter
from vnetlink.kube.versions import Versions
from vnetlink.loop import Loop
from vnetlink.planning.grants import Law
from vnetlink.ports import Ports, Settings

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
ROUNDS = 40
AT_ONCE = 4  # turns in a row, for an object that wants them
STEP = 3.0  # seconds from round to round: longer than the interval of the objects here


class Turns:
    """`admin` applies what people would; every object of `namespace` gets its turn in each round.

    `watch` sees every object after each round, and may raise.
    """

    def __init__(self, kubeconfig: Path, azure: ArmsimProcess, namespace: str, watch: Callable[[Body], None]) -> None:
        self.admin = ApiServer(str(kubeconfig), None, "vnetlink/test")
        self.bench, self._namespace, self._watch = Bench(azure), namespace, watch
        clock, law, versions = self.bench.clock, Law(self.bench.who, frozenset({"*"})), Versions()
        self._objects = Objects(self.admin, versions, (namespace,))
        self._claims = Claims(lambda owner: True, lambda keys: None)
        self._loop = Loop(
            Ports(
                objects=self._objects,
                credentials=Credentials(self.admin, law, lambda keys: None, clock),
                secrets=Secrets(self.admin, clock),
                children=Children(self.admin),
                statuses=StatusWriter(self.admin, versions),
                recorder=Told(),
                claims=self._claims,
                deletions=Deletions(self._objects, clock),
                azure=self.bench.arm,
                settings=Settings("here", self.bench.who, frozenset({"*"})),
                monotonic=clock,
                now=lambda: BEGAN + timedelta(seconds=clock()),
            )
        )

    async def apply(self, plural: str, name: str, **spec: Any) -> None:
        """Make one of our objects, looked at every two seconds."""
        body = {"apiVersion": "vnetlink.dev/v1alpha1", "kind": KINDS[plural], "metadata": {"name": name}}
        made = await self.admin.post(
            collection_path(plural, self._namespace), {**body, "spec": {"interval": "2s", **spec}}
        )
        assert made.ok, made.message

    async def change(self, plural: str, name: str, **spec: Any) -> None:
        """Merge into the spec of one of our objects."""
        done = await self.admin.merge_patch(self._place(plural, name), {"spec": spec})
        assert done.ok, done.message

    async def secret(self, name: str, **data: str) -> None:
        """A Secret for a VPN, or another value in it."""
        place = path("api", "v1", "namespaces", self._namespace, "secrets")
        labels = {"vnetlink.dev/shared-key": "true"}
        body = {"metadata": {"name": name, "labels": labels}, "stringData": data}
        made = await self.admin.post(place, body)
        done = made if made.status != 409 else await self.admin.merge_patch(f"{place}/{name}", body)
        assert done.ok, done.message

    async def ready(self, plural: str, name: str, condition: str = "Ready") -> Body:
        """Turns until the object is Ready in its present generation; returns it."""

        def stands(body: Body) -> bool:
            rows = body.get("status", {}).get("conditions", ())
            now = body["metadata"]["generation"]
            return any((r["type"], r["status"], r["observedGeneration"]) == (condition, "True", now) for r in rows)

        return await self.until(f"{name} {condition}", plural, name, stands)

    async def delete(self, plural: str, name: str) -> None:
        """Delete an object, and turns until it is gone."""
        done = await self.admin.delete(self._place(plural, name), {})
        assert done.ok, done.message
        await self.until(f"{name} gone", plural, name, lambda body: not body)

    async def until(self, what: str, plural: str, name: str, holds: Callable[[Body], bool]) -> Body:
        """Turns until `holds` of the object, {} when it is gone; returns it."""
        found: Body = {}
        for _ in range(ROUNDS):
            found = await self._round(plural, name)
            if holds(found):
                return found
        raise AssertionError(f"not in {ROUNDS} rounds: {what}; {json.dumps(found.get('status'), indent=1)}")

    async def _round(self, plural: str, name: str) -> Body:
        for body in await self._all():
            for _ in range(AT_ONCE):
                wake = await self._loop.turn(key_of(body))
                if wake is None or wake.after:
                    break
        self.bench.clock.now += STEP
        found: Mapping[ObjectKey, Body] = {key_of(body): body for body in await self._all()}
        for body in found.values():
            self._watch(body)
        return found.get(ObjectKey(plural, self._namespace, name), {})

    async def _all(self) -> list[Body]:
        listed = [await self._objects.all(plural) for plural in KINDS]
        assert all(isinstance(one, Present) for one in listed), listed
        return [body for one in listed if isinstance(one, Present) for body in one.value]

    def _place(self, plural: str, name: str) -> str:
        return object_path(ObjectKey(plural, self._namespace, name))

    async def clean(self) -> None:
        """No object survives; Azure is left as it is."""
        for body in await self._all():
            place = object_path(key_of(body))
            await self.admin.merge_patch(place, {"metadata": {"finalizers": None}})
            await self.admin.delete(place, {})


@asynccontextmanager
async def turns(
    kubeconfig: Path, azure: ArmsimProcess, namespace: str, watch: Callable[[Body], None] = lambda body: None
) -> AsyncIterator[Turns]:
    """An operator at hand in a namespace that is there; it leaves no object of ours behind."""
    found = Turns(kubeconfig, azure, namespace, watch)
    try:
        yield found
    finally:
        await found.clean()
        await found.bench.arm.close()
        await found.admin.close()
