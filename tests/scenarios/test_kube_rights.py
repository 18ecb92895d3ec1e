"""The chart's RBAC is exactly enough: the real operator uses every right of it and no other, and misses each by name.

Its API server keeps a record of the operator's requests, and lets nobody block an owner's deletion without the right to.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from armsim_process import ArmsimProcess
from controlplane.cluster import Cluster
from credential_estate import Team, directory
from errands import Errands
from estate import OPERATOR_NAMESPACE, WITHIN, control_plane, eventually
from helm import chart
from link_estate import LinkEstate
from operator_process import OperatorProcess
from rights import Audit, Right, apply, granted, remove, rendered, without
from service_accounts import as_service_account
from vnetlink.domain.kinds import KINDS
from vnetlink.domain.outcome import Absent
from vnetlink.domain.specs import ObjectKey, ObjectMeta
from vnetlink.domain.vpn import SecretKeyRef
from vnetlink.kube import discovery
from vnetlink.kube.api import ApiServer
from vnetlink.kube.secrets import Secrets

FINALIZERS = Right("vnetlink.dev", "vnetlinks/finalizers", "update")
MANAGED = {"sharedKeys": {"manage": True}}
TEAMS = ["team-a", "team-b"]
VPN = "app-to-data-vpn"


@pytest.fixture(scope="module")
def audit(tmp_path_factory: pytest.TempPathFactory) -> Audit:
    return Audit(tmp_path_factory.mktemp("audit") / "log")


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory, audit: Audit) -> Iterator[Cluster]:
    """A control plane of this file's own."""
    flags = ("--enable-admission-plugins=OwnerReferencesPermissionEnforcement", *audit.flags)
    with control_plane(tmp_path_factory.mktemp("strict"), *flags) as running:
        for name in (OPERATOR_NAMESPACE, *TEAMS):
            running.kubectl("create", "namespace", name)
        yield running


@pytest.fixture
def azure(strict: Cluster, tmp_path: Path) -> Iterator[ArmsimProcess]:
    """Where team-a's app takes tokens of team-a's ServiceAccount `network`."""
    with ArmsimProcess(tmp_path / "armsim", directory(strict, tmp_path)) as process:
        yield process


Install = Callable[..., list[chart.Object]]


@pytest.fixture
def install(strict: Cluster) -> Iterator[Install]:
    """Grants what the chart does for these values; taken back afterwards."""
    applied: list[chart.Object] = []

    def grant(**values: Any) -> list[chart.Object]:
        applied.extend(rendered(**values))
        apply(strict, applied)
        return applied

    yield grant
    remove(strict, applied)


def as_the_chart_runs_it(cluster: Cluster, azure: ArmsimProcess, dir: Path, **values: Any) -> OperatorProcess:
    """With the token of the chart's ServiceAccount and the chart's flags."""
    args = chart.container(chart.without_crds(values))["args"]
    flags = [one for one in args if one != "run" and "--health-port" not in one]
    account = as_service_account(cluster, dir, OPERATOR_NAMESPACE, chart.RELEASE)
    return OperatorProcess(dir / "operator.log", account, azure.env, flags)


def a_whole_life(links: LinkEstate, credentials: Team) -> None:
    """A link with another team's credential: peered, switched to a VPN with a key of its own, rotated, edited by hand, deleted."""
    app, data = links.two_vnets()
    by_theirs = {"credentialRef": {"name": "default", "namespace": credentials.namespace}}
    ends = {"end1": by_theirs, "end2": by_theirs}
    credentials.credential(allowedNamespaces={"selector": {"matchLabels": {"tier": "production"}}})
    links.link("app-to-data", app, data, **ends)
    links.wait_ready("app-to-data")

    made = {"gateway": {"create": {}}}
    vpn = {"vnet1": made, "vnet2": made, "sharedKey": {"secretRef": {"name": "key"}, "generate": True}}
    links.link("app-to-data", app, data, encryption="IPsec", vpn=vpn, **ends)
    eventually(
        "switched", lambda: links.row("app-to-data")[1:5] == ["Vpn", "Connected", "Connected", "True"], within=90
    )

    before = links.kubernetes_secret("key")["data"]
    links.kubectl("annotate", "vpnpair", VPN, "vnetlink.dev/rotate-requested-at=now")
    eventually("rotated", lambda: links.kubernetes_secret("key")["data"] != before)
    eventually("forgotten", lambda: not links.kubernetes_secret(f"{VPN}-previous-key"), within=60)
    for hand in ("17s", "18s"):
        links.kubectl("patch", "vpnpair", VPN, "--type=merge", "-p", json.dumps({"spec": {"interval": hand}}))
        eventually("put back", lambda: interval(links) == "2s")
    links.delete("app-to-data")
    credentials.credentials().delete("default")


def interval(links: LinkEstate) -> str:
    return links.kubectl("get", "vpnpair", VPN, "--output=jsonpath={.spec.interval}")


@pytest.mark.parametrize("served", [[], TEAMS], ids=["cluster-wide", "two-namespaces"])
def test_a_whole_life_uses_every_right_of_the_chart_and_asks_for_no_other(
    strict: Cluster, azure: ArmsimProcess, audit: Audit, install: Install, tmp_path: Path, served: list[str]
) -> None:
    values = {**MANAGED, "watchNamespaces": served}
    objects = install(**values)
    assert any(one["kind"] == "ClusterRole" for one in objects) == (not served)
    for made in ("configmap/vnetlink-installation", f"lease/{chart.RELEASE}"):
        strict.kubectl("-n", OPERATOR_NAMESPACE, "delete", made, "--ignore-not-found")
    audit.clear()
    links = LinkEstate(strict, azure, tmp_path, "team-b")
    team = Team.of(links, "team-a")
    Team.of(links, "team-b", tier="production")
    links.operator = as_the_chart_runs_it(strict, azure, tmp_path, **values)
    try:
        links.start()
        a_whole_life(links, team)
    finally:
        links.clean()

    assert audit.refused() == set()
    assert "RBAC" not in links.operator.log()
    # The API server asks for this right itself, when it admits a pair; the record does not show it.
    assert audit.used() | {FINALIZERS} == granted(objects)


@pytest.mark.parametrize("manage", [False, True])
async def test_secrets_may_be_read_only_until_shared_keys_manage_is_set(
    strict: Cluster, install: Install, tmp_path: Path, manage: bool
) -> None:
    objects = install(sharedKeys={"manage": manage})
    verbs = {right.verb for right in granted(objects) if right.resource == "secrets"}
    assert verbs == {"get", *(("create", "update", "delete") if manage else ())}
    api = ApiServer(str(as_service_account(strict, tmp_path, OPERATOR_NAMESPACE, chart.RELEASE)), None, "vnetlink/test")
    try:
        meta = ObjectMeta(ObjectKey("vpnconnectionpairs", "team-a", "pair"), "uid", 1, "1", datetime.now(UTC))
        secrets = Secrets(api, lambda: 0.0)
        assert await secrets.read(meta, SecretKeyRef("none")) == Absent()
        assert await secrets.manageable("team-a") == manage
    finally:
        await api.close()


# --- one right less


@pytest.fixture(scope="module")
def whole(strict: Cluster) -> Iterator[list[chart.Object]]:
    objects = rendered(**MANAGED)
    apply(strict, objects)
    yield objects
    remove(strict, objects)


@pytest.fixture
async def errands(strict: Cluster, whole: list[chart.Object], tmp_path: Path) -> AsyncIterator[Errands]:
    admin = ApiServer(str(strict.kubeconfig), None, "vnetlink/test")
    mine = Errands(as_service_account(strict, tmp_path, OPERATOR_NAMESPACE, chart.RELEASE), admin, "team-a")
    yield mine
    await mine.close()
    await admin.close()


async def test_with_every_right_nothing_is_complained_about(
    errands: Errands, audit: Audit, whole: list[chart.Object], caplog: pytest.LogCaptureFixture
) -> None:
    assert set(await errands.run()) == {""}
    assert caplog.text == ""
    assert await denied(errands) == ()
    watched = {one for one in granted(whole) if one.verb == "watch"}
    assert audit.used() >= granted(whole) - watched - {FINALIZERS}


async def test_each_right_that_is_missing_is_named(
    strict: Cluster, errands: Errands, whole: list[chart.Object], caplog: pytest.LogCaptureFixture
) -> None:
    unnamed = {}
    for right in sorted(granted(whole)):
        apply(strict, without(whole, right))
        await gone(errands.api, right)
        caplog.clear()
        if right.verb == "watch":
            await errands.watch(right.resource, lambda of=right: any(names(one, of) for one in caplog.messages))
        told = [*await errands.run(), *caplog.messages]
        if not any(names(one, right) for one in told):
            unnamed[str(right)] = [one for one in told if one]
    assert unnamed == {}


async def gone(api: ApiServer, right: Right) -> None:
    """Until the API server knows that it was taken away."""
    need = discovery.Need(right.verb, right.group, right.resource, "" if right.group else "team-a")
    async with asyncio.timeout(WITHIN):
        while not await discovery.denied(api, [need]):
            pass  # each question takes the API server a moment


async def denied(errands: Errands) -> tuple[discovery.Need, ...]:
    return await discovery.denied(errands.api, discovery.needs(KINDS, (), OPERATOR_NAMESPACE, leader_elect=True))


def names(message: str, right: Right) -> bool:
    """In the API server's words or in ours."""
    resource = re.escape(right.resource)
    return bool(
        re.search(rf"cannot {right.verb} resource \\?\"{resource}\\?\"", message)
        or re.search(rf"lacks the verb '{right.verb}' on '{resource}'", message)
    )
