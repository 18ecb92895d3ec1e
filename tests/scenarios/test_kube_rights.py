"""The chart's RBAC is exactly enough: the real operator uses every right of it and no other, and misses each by name.

Its API server keeps a record of the operator's requests, and lets nobody block an owner's deletion without the right to.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from armsim_process import ArmsimProcess
from controlplane.cluster import Cluster
from credential_estate import Team, directory
from errands import Errands
from estate import OPERATOR_NAMESPACE, WITHIN, Estate, control_plane, eventually
from helm import chart
from interruptions import taken
from link_estate import LinkEstate
from operator_process import OperatorProcess
from rights import Audit, Right, apply, granted, remove, rendered, without
from service_accounts import as_service_account
from vnetlink.domain.outcome import Absent
from vnetlink.domain.specs import ObjectKey, ObjectMeta
from vnetlink.domain.vpn import SecretKeyRef
from vnetlink.kube import discovery
from vnetlink.kube.api import ApiServer, path
from vnetlink.kube.secrets import Secrets
from vpn_estate import OTHER_KEY, VpnEstate
from vpn_stories import PAIR, rotate, rotated, standing

FINALIZERS = Right("vnetlink.dev", "vnetlinks/finalizers", "update")
MANAGED = {"sharedKeys": {"manage": True}}
TEAMS = ["team-a", "team-b"]
PLACES = {"cluster-wide": [], "two-namespaces": TEAMS}
SERVED = pytest.mark.parametrize("served", PLACES.values(), ids=PLACES)
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


@contextmanager
def at_work(cluster: Cluster, azure: ArmsimProcess, audit: Audit, dir: Path, **values: Any) -> Iterator[LinkEstate]:
    """The operator with these values of the chart, which is new to the cluster; people work in team-b."""
    for made in ("configmap/vnetlink-installation", f"lease/{chart.RELEASE}"):
        cluster.kubectl("-n", OPERATOR_NAMESPACE, "delete", made, "--ignore-not-found")
    audit.clear()
    links = LinkEstate(cluster, azure, dir, "team-b")
    Team.of(links, "team-b", tier="production")
    links.operator = as_the_chart_runs_it(cluster, azure, dir, **values)
    try:
        links.start()
        yield links
    finally:
        links.clean()


@SERVED
def test_a_whole_life_uses_every_right_of_the_chart_and_asks_for_no_other(
    strict: Cluster, azure: ArmsimProcess, audit: Audit, install: Install, tmp_path: Path, served: list[str]
) -> None:
    values = {**MANAGED, "watchNamespaces": served}
    objects = install(**values)
    assert any(one["kind"] == "ClusterRole" for one in objects) == (not served)
    with at_work(strict, azure, audit, tmp_path, **values) as links:
        a_whole_life(links, Team.of(links, "team-a"))

    assert audit.refused() == set()
    assert "RBAC" not in links.operator.log()
    # The API server asks for this right itself, when it admits a pair; the record does not show it.
    assert audit.used() | {FINALIZERS} == granted(objects)


@SERVED
def test_with_what_is_granted_by_default_two_vnets_are_peered_and_have_a_vpn_with_a_persons_key(
    strict: Cluster, azure: ArmsimProcess, audit: Audit, install: Install, tmp_path: Path, served: list[str]
) -> None:
    values = {"watchNamespaces": served, "identityNamespaces": ["team-b"]}
    objects = install(serviceAccountTokens={"namespaces": []}, **values)
    with at_work(strict, azure, audit, tmp_path, **values) as links:
        links.link("app-to-data", *links.two_vnets())
        links.wait_ready("app-to-data")
        links.delete("app-to-data")

        tunnel = VpnEstate(strict, azure, tmp_path, "team-b")
        tunnel.operator = links.operator
        standing(tunnel)
        rotate(tunnel, OTHER_KEY)
        eventually("another key", lambda: rotated(tunnel, OTHER_KEY))
        tunnel.delete(PAIR)

    assert audit.refused() == set()
    assert "RBAC denies" not in links.operator.log()
    assert {right for right in granted(objects) if right.resource == "secrets"} == {Right("", "secrets", "get")}
    assert Right("", "secrets", "get") in audit.used() <= granted(objects)


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

LEAD = Right("coordination.k8s.io", "leases", "get")
HOLD = Right("vnetlink.dev", "peeringpairs", "patch")
TELL = Right("vnetlink.dev", "peeringpairs/status", "patch")


def test_the_operator_names_the_right_that_it_lacks_and_goes_on_as_soon_as_it_is_granted(
    strict: Cluster, azure: ArmsimProcess, audit: Audit, install: Install, tmp_path: Path
) -> None:
    values = {"identityNamespaces": ["team-b"]}
    objects = install(**values)

    def lacks(right: Right) -> None:
        apply(strict, without(objects, right))
        eventually(f"{right} is named", lambda: names(pairs.operator.log(), right))

    apply(strict, without(objects, LEAD))
    with at_work(strict, azure, audit, tmp_path, **values) as links:
        pairs = Estate(strict, azure, tmp_path, "team-b")
        pairs.operator = links.operator
        pairs.pair("held", *links.two_vnets())
        lacks(LEAD)
        lacks(HOLD)
        assert "cannot patch" in pairs.wait_reason("held", "AuthorizationFailed")["message"]
        assert taken(pairs) == []
        lacks(TELL)
        eventually("both peerings", lambda: len(taken(pairs)) == 2)
        assert pairs.condition("held")["reason"] == "AuthorizationFailed"  # as it was told before
        apply(strict, objects)
        pairs.wait_ready("held")


@pytest.fixture(scope="module", params=PLACES.values(), ids=PLACES)
def places(request: pytest.FixtureRequest) -> list[str]:
    """What is served."""
    return list(request.param)


@pytest.fixture(scope="module")
def whole(strict: Cluster, places: list[str]) -> Iterator[list[chart.Object]]:
    objects = rendered(**MANAGED, watchNamespaces=places)
    apply(strict, objects)
    yield objects
    remove(strict, objects)


@pytest.fixture
async def admin(strict: Cluster) -> AsyncIterator[ApiServer]:
    api = ApiServer(str(strict.kubeconfig), None, "vnetlink/test")
    yield api
    await api.close()


@pytest.fixture
async def errands(
    strict: Cluster, admin: ApiServer, whole: list[chart.Object], places: list[str], tmp_path: Path
) -> AsyncIterator[Errands]:
    account = as_service_account(strict, tmp_path, OPERATOR_NAMESPACE, chart.RELEASE)
    mine = Errands(account, admin, *TEAMS, places)
    yield mine
    await mine.close()


async def test_with_every_right_nothing_is_complained_about(
    errands: Errands, audit: Audit, whole: list[chart.Object], caplog: pytest.LogCaptureFixture
) -> None:
    audit.clear()
    assert set(await errands.run()) == {""}
    assert caplog.text == ""
    assert await errands.denied() == ()
    watched = {one for one in granted(whole) if one.verb == "watch"}
    assert audit.used() >= granted(whole) - watched - {FINALIZERS}


async def test_each_right_that_is_missing_is_named(
    admin: ApiServer, errands: Errands, whole: list[chart.Object], caplog: pytest.LogCaptureFixture
) -> None:
    unnamed = {}
    for right in sorted(granted(whole)):
        for role in without(whole, right):
            await change(admin, role)
        await gone(errands.api, right)
        caplog.clear()
        if right.verb == "watch":
            await errands.watch(right.resource, lambda of=right: any(names(one, of) for one in caplog.messages))
        told = [*await errands.run(), *caplog.messages]
        if not any(names(one, right) for one in told):
            unnamed[str(right)] = [one for one in told if one]
    assert unnamed == {}


async def change(admin: ApiServer, role: chart.Object) -> None:
    """Give a role that is there these rules: kubectl would take half a second, for each of some forty rights."""
    meta = role["metadata"]
    where = ("namespaces", meta["namespace"]) if "namespace" in meta else ()
    place = path("apis", "rbac.authorization.k8s.io", "v1", *where, f"{role['kind'].lower()}s", meta["name"])
    done = await admin.merge_patch(place, {"rules": role["rules"]})
    assert done.ok, done.message


async def gone(api: ApiServer, right: Right) -> None:
    """Until the API server knows that it was taken away."""
    place = OPERATOR_NAMESPACE if right.resource in ("configmaps", "leases") else "team-a"
    need = discovery.Need(right.verb, right.group, right.resource, place)
    async with asyncio.timeout(WITHIN):
        while not await discovery.denied(api, [need]):
            pass  # each question takes the API server a moment


def names(message: str, right: Right) -> bool:
    """In the API server's words or in ours."""
    resource = re.escape(right.resource)
    return bool(
        re.search(rf"cannot {right.verb} resource \\?\"{resource}\\?\"", message)
        or re.search(rf"lacks the verb '{right.verb}' on '{resource}'", message)
    )
