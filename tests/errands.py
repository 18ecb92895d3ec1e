"""Everything that the operator asks of Kubernetes, asked once by its own kube layer, and what it says where it is refused."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from kubernetes.aio.leaderelection.leaderelectionrecord import LeaderElectionRecord

from estate import OPERATOR_NAMESPACE, eventually
from vnetlink.domain.events import Event, EventType
from vnetlink.domain.identity import Identity
from vnetlink.domain.kinds import KINDS, VNET_LINKS
from vnetlink.domain.shared_key import SharedKey
from vnetlink.domain.specs import PeeringPair, VNetLink, VpnConnectionPair
from vnetlink.domain.vpn import SecretKeyRef
from vnetlink.handlers.watch import Watcher
from vnetlink.kube import discovery, installation
from vnetlink.kube.answers import Written
from vnetlink.kube.api import ApiServer, Body, connection, path
from vnetlink.kube.children import Children
from vnetlink.kube.credential_block import azure_credential
from vnetlink.kube.credentials import Credentials
from vnetlink.kube.decode import decode, key_of
from vnetlink.kube.events import Recorder
from vnetlink.kube.lease import Lock, Timing, boottime
from vnetlink.kube.objects import GROUP, VERSION, Objects, collection_path
from vnetlink.kube.proofs import Proofs
from vnetlink.kube.secrets import Secrets, previous_name
from vnetlink.kube.status import StatusWriter
from vnetlink.kube.versions import Versions
from vnetlink.planning.actions import DeleteChild, ForgetPreviousKey, KeepPreviousKey, MakeSharedKey, PutChild
from vnetlink.planning.grants import Law
from vnetlink.planning.link import child

VNETS = (
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks"
)
ENDS: dict[str, Any] = {side: {"id": f"{VNETS}/{side}"} for side in ("vnet1", "vnet2")}
VPN = {"sharedKey": {"secretRef": {"name": "key"}}}
SPECS: dict[str, dict[str, Any]] = {
    "azurecredentials": {
        "type": "WorkloadIdentity",
        "tenantId": "aaaaaaaa-0000-0000-0000-000000000001",
        "clientId": "aaaa0000-0000-0000-0000-00000000000a",
        "serviceAccountRef": {"name": "default"},
        "allowedNamespaces": {"selector": {"matchLabels": {"tier": "production"}}},
    },
    "peeringpairs": ENDS,
    "vpnconnectionpairs": {**ENDS, "vpn": VPN},
    "vnetlinks": {**ENDS, "vpn": VPN},
}
LAW = Law(Identity("operator", "tenant"), frozenset())


class Errands:
    """`kubeconfig` is the operator's, `admin` makes what people would have made, in `namespace` and anew for each run.

    `neighbour` is another namespace. `served` are those that the operator serves; empty: all.
    """

    def __init__(
        self, kubeconfig: Path, admin: ApiServer, namespace: str, neighbour: str, served: Sequence[str]
    ) -> None:
        self._kubeconfig, self._admin, self._served = str(kubeconfig), admin, tuple(served)
        self._namespace, self._neighbour = namespace, neighbour
        self.api = ApiServer(self._kubeconfig, None, "vnetlink/test")
        self.told: list[str] = []

    async def run(self) -> list[str]:
        """What the operator says, all of it."""
        self.told = []
        bodies = {plural: await self._made(plural) for plural in KINDS}
        await self._installation()
        await self._lease()
        for body in bodies.values():
            await self._object(body)
        await self._children(bodies["vnetlinks"])
        await self._events(bodies["peeringpairs"])
        await self._credentials(bodies["azurecredentials"])
        await self._secrets(bodies["vpnconnectionpairs"])
        return self.told

    def _note(self, outcome: object) -> Any:
        """What it says when it is no success."""
        self.told.append(str(getattr(outcome, "message", "")))
        return outcome

    async def _installation(self) -> None:
        place = path("api", "v1", "namespaces", OPERATOR_NAMESPACE, "configmaps", installation.CONFIG_MAP)
        await self._admin.delete(place, {})
        self._note(await installation.ensure(self.api, OPERATOR_NAMESPACE, lambda: "id"))

    async def _lease(self) -> None:
        """Taken, and renewed."""
        place = path("apis", "coordination.k8s.io", "v1", "namespaces", OPERATOR_NAMESPACE, "leases", "errand")
        await self._admin.delete(place, {})
        now = partial(datetime.now, UTC)
        lock = Lock(self.api, OPERATOR_NAMESPACE, "errand", "me", Timing(), boottime, now, lambda why: None)
        record = LeaderElectionRecord("me", "15", "", "")
        if not (await lock.get("errand", OPERATOR_NAMESPACE))[0]:
            await lock.create("errand", OPERATOR_NAMESPACE, record)
        if (await lock.get("errand", OPERATOR_NAMESPACE))[0]:
            await lock.update("errand", OPERATOR_NAMESPACE, record)

    async def _object(self, body: Body) -> None:
        objects = Objects(self.api, Versions(), self._served)
        self._note(await objects.all(key_of(body).kind))
        self._note(await objects.get(key_of(body)))
        held = self._note(await objects.keep(body))
        current = held.body if isinstance(held, Written) else body
        self._note(await StatusWriter(self.api, Versions()).write(current, {"observedGeneration": 1}))

    async def _children(self, body: Body) -> None:
        link, children = decode(body, "here"), Children(self.api)
        assert isinstance(link, VNetLink)
        for kind in ("peeringpairs", "vpnconnectionpairs"):
            name, spec = child.name(link.meta.key, kind), child.spec(link, kind)
            made = self._note(await children.perform(link.meta, PutChild(kind, name, spec)))
            uid = made.body["metadata"]["uid"] if isinstance(made, Written) else ""
            self._note(await children.perform(link.meta, DeleteChild(kind, name, uid)))

    async def _events(self, body: Body) -> None:
        """The same twice: the second becomes a series of the first."""
        recorder = Recorder(self.api, "pod", lambda: datetime.now(UTC), lambda: 0.0)
        event = Event(key_of(body), body["metadata"]["uid"], EventType.NORMAL, "Connected", "Read", "both sides")
        for _ in range(2):
            await recorder.tell(event)

    async def _credentials(self, body: Body) -> None:
        credentials = Credentials(self.api, LAW, lambda keys: None, lambda: 0.0)
        credentials.update(body)
        theirs = {"credentialRef": {"name": body["metadata"]["name"], "namespace": self._namespace}}
        meta = {**body["metadata"], "namespace": self._neighbour}
        spec = {side: {**end, **theirs} for side, end in ENDS.items()}
        owner = decode({"kind": "PeeringPair", "metadata": meta, "spec": spec}, "here")
        assert isinstance(owner, PeeringPair)
        self._note((await credentials.known(owner)).labels)
        credential = azure_credential(body)
        self._note(await Proofs(self.api, lambda: datetime.now(UTC)).prove(credential))

    async def _secrets(self, body: Body) -> None:
        """As `generate` and Rollback need them: made, changed and deleted, and read before."""
        pair, secrets = decode(body, "here"), Secrets(self.api, lambda: 0.0)
        assert isinstance(pair, VpnConnectionPair)
        for name in ("key", previous_name(pair.meta)):
            await self._admin.delete(path("api", "v1", "namespaces", self._namespace, "secrets", name), {})
        ref, key = SecretKeyRef("key"), SharedKey("Never.Tell.This.Key.1")
        self._note(await secrets.read(pair.meta, ref))
        self._note(await secrets.perform(pair.meta, MakeSharedKey(ref)))
        kept = self._note(await secrets.perform(pair.meta, KeepPreviousKey(key, "1")))
        changed = self._note(await secrets.perform(pair.meta, KeepPreviousKey(key, "2", _version(kept))))
        self._note(await secrets.perform(pair.meta, ForgetPreviousKey(_version(changed) or _version(kept))))

    async def denied(self) -> tuple[discovery.Need, ...]:
        """What the operator would complain of when it starts."""
        needs = discovery.needs(KINDS, self._served, OPERATOR_NAMESPACE, leader_elect=True)
        return await discovery.denied(self.api, needs)

    async def watch(self, plural: str, told: Callable[[], bool]) -> None:
        """Watch a kind until `told`. A watch that is refused is tried again for ever, and logged each time."""
        connect = partial(connection, self._kubeconfig, None)
        watcher = Watcher(plural, lambda change, body: None, connect, lambda error: None, (self._namespace,))
        watcher.start()
        try:
            await asyncio.to_thread(eventually, f"told of the watch on {plural}", told)
        finally:
            await asyncio.to_thread(watcher.stop, 5.0)

    async def _made(self, plural: str) -> Body:
        """A new object of that kind, after those of the last run."""
        place = collection_path(plural, self._namespace)
        for name in ("one", "link"):
            await self._admin.merge_patch(f"{place}/{name}", {"metadata": {"finalizers": None}})
            await self._admin.delete(f"{place}/{name}", {})
        name = "link" if plural == VNET_LINKS else "one"
        body = {"apiVersion": f"{GROUP}/{VERSION}", "kind": KINDS[plural], "metadata": {"name": name}}
        made = await self._admin.post(place, {**body, "spec": SPECS[plural]})
        assert made.ok, made.message
        return made.body

    async def close(self) -> None:
        await self.api.close()


def _version(outcome: object) -> str:
    return outcome.resource_version if isinstance(outcome, Written) else ""
