"""`kubectl get vnetlinks` answers "is it connected, and if not why" for every reason, within 120 columns.

The API server draws the columns from what our own fold writes for each reason. After a change that is meant, write
table_of_links.txt again: `rm tests/scenarios/table_of_links.txt`, run this test twice (the first run writes the file and
fails), and read the difference.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from controlplane.cluster import Cluster
from link_worlds import NOW, link_of, pair_that_says, peered, world_of
from properties.azure_model import Azure
from vnetlink.domain.arm_id import PrivateDnsZoneId, ZoneLinkId
from vnetlink.domain.identity import NotGranted
from vnetlink.domain.kinds import VPN_CONNECTION_PAIRS
from vnetlink.domain.observed import ObservedZoneLink, Provisioning
from vnetlink.domain.outcome import Absent, Present, Seen, Unreadable
from vnetlink.domain.reasons import Reason
from vnetlink.domain.sides import PerSide, Side
from vnetlink.domain.specs import ManagementPolicy, ObjectKey, VNetLink
from vnetlink.domain.vnet_link import Encryption, WantedZone
from vnetlink.kube.answers import Written
from vnetlink.kube.api import ApiServer
from vnetlink.kube.status import StatusWriter
from vnetlink.kube.versions import Versions
from vnetlink.planning import conditions
from vnetlink.planning.blocked import contested, duplicate, not_granted
from vnetlink.planning.conditions import Shown
from vnetlink.planning.diagnosis.traffic import TrafficVerdict
from vnetlink.planning.letting_go import Held, release, wait
from vnetlink.planning.link import seen_status
from vnetlink.planning.link.plan_link import plan_link
from vnetlink.planning.link.world import LinkWorld, SeenZone
from vnetlink.planning.plan import Finding, Plan, Truth

GOLDEN = Path(__file__).with_suffix("").with_name("table_of_links.txt")
NAMESPACE = "table-of-links"
WIDTH, LONGEST_AGE = 120, len("2y123d")
COLUMNS = ("NAME", "1->2", "2->1", "READY", "REASON")

Status = dict[str, Any]
Told = Callable[[VNetLink, Reason], Status]


def status_of(link: VNetLink, plan: Plan, world: LinkWorld | None) -> Status:
    shown = None
    if world is not None:
        rows = seen_status.conditions(link, world)
        shown = Shown(seen_status.seen(link, world), seen_status.states(link, world), conditions=rows)
    told = conditions.status(link, plan, shown, {}, NOW)
    assert told is not None
    return told


def pair(there: str, back: str, ready: str, shown: str = "", kind: str = "peeringpairs") -> Told:
    """The pair says it, and the link mirrors it."""

    def told(link: VNetLink, reason: Reason) -> Status:
        says = (ready, reason.value, "As the pair says.")
        world = world_of(peered(), pair_that_says(says, (there, back), kind=kind, shown=shown))
        if kind == VPN_CONNECTION_PAIRS:
            link = replace(link, spec=replace(link.spec, encryption=Encryption.IPSEC))
        return status_of(link, plan_link(link, world), world)

    return told


def vpn(there: str, back: str, ready: str, shown: str = "") -> Told:
    return pair(there, back, ready, shown, VPN_CONNECTION_PAIRS)


def unread(link: VNetLink, reason: Reason) -> Status:
    """Azure shows nothing: a refusal that lasts, or an outage before anything was ever read."""
    transient = reason in (Reason.THROTTLED, Reason.AZURE_UNREACHABLE)
    nobody = Unreadable(reason, "Nothing is shown.", transient)
    world = world_of(vnets=PerSide(nobody, nobody))
    return status_of(link, plan_link(link, world), world)


def ungranted(link: VNetLink, reason: Reason) -> Status:
    return status_of(link, not_granted(link, NotGranted(reason, "Not granted.")), None)


def invalid(link: VNetLink, reason: Reason) -> Status:
    return conditions.spec_error(link.meta, "spec.vnet1.id: wrong", {}, NOW)


def traffic(link: VNetLink, reason: Reason) -> Status:
    """The link stands, and nothing can pass."""
    world = world_of(peered(), pair_that_says(), traffic=TrafficVerdict(Truth.FALSE, reason, "Nothing can pass."))
    return status_of(link, plan_link(link, world), world)


def zone(link: VNetLink, reason: Reason, links: Seen[tuple[ObservedZoneLink, ...]] | None = None) -> Status:
    """A zone that does not exist, unless these are its links."""
    id = PrivateDnsZoneId.parse(f"{link.spec.ends.vnet1.id.group}/providers/Microsoft.Network/privateDnsZones/corp")
    link = replace(link, spec=replace(link.spec, zones=(WantedZone(id),)))
    seen = SeenZone(id, links or Absent(), world_of().identities.vnet1)
    world = world_of(peered(), pair_that_says(), zones=(seen,))
    return status_of(link, plan_link(link, world), world)


def one_sided(link: VNetLink, reason: Reason) -> Status:
    """VNet 2 is somebody else's, and its names do not resolve."""
    ends = link.spec.ends.put(Side.VNET2, replace(link.spec.ends.vnet2, management=ManagementPolicy.OBSERVE))
    here = PrivateDnsZoneId.parse(f"{ends.vnet1.id.group}/providers/Microsoft.Network/privateDnsZones/corp")
    linked = ObservedZoneLink(ZoneLinkId(here, "one"), ends.vnet1.id, False, Provisioning.SUCCEEDED)
    return zone(replace(link, spec=replace(link.spec, ends=ends)), reason, Present((linked,)))


def missing(link: VNetLink, reason: Reason) -> Status:
    world = world_of(vnets=Azure.new().vnets.map(Present))
    world = replace(world, vnets=PerSide(world.vnets.vnet1, Absent()))
    return status_of(link, plan_link(link, world), world)


def foreign(link: VNetLink, reason: Reason) -> Status:
    world = world_of(Azure.new(), pair_that_says(ours=False))
    return status_of(link, plan_link(link, world), world)


def second(link: VNetLink, reason: Reason) -> Status:
    return status_of(link, duplicate(link, ObjectKey("vnetlinks", "team", "older")), world_of(peered()))


def disputed(link: VNetLink, reason: Reason) -> Status:
    world = world_of(peered(), pair_that_says())
    return status_of(link, contested(link, plan_link(link, world), str(link.spec.ends.vnet1.id)), world)


def switching(link: VNetLink, reason: Reason) -> Status:
    link = replace(link, spec=replace(link.spec, encryption=Encryption.IPSEC))
    new = pair_that_says(("False", "GatewayProvisioning", ""), ("Missing", "Missing"), kind=VPN_CONNECTION_PAIRS)
    world = world_of(peered(), pair_that_says(), new)
    return status_of(link, plan_link(link, world), world)


def held(link: VNetLink, reason: Reason) -> Status:
    plan = wait(link, [Held(Finding(Reason.SCOPE_LOCKED, "A lock.", "id"))])
    return status_of(link, plan, world_of(peered()))


def let_go(link: VNetLink, reason: Reason) -> Status:
    return status_of(link, release(reason, "Let go."), world_of(peered(), pair_that_says()))


# Reasons that stand in conditions beside Ready alone: MethodSelected, VNetsReady, TrafficAllowed.
BESIDE_READY = {Reason.SELECTED, Reason.SUCCEEDED, Reason.NO_BLOCK_FOUND}


def beside(link: VNetLink, reason: Reason) -> Status:
    """The link is Connected, and another condition says this."""
    traffic = TrafficVerdict(Truth.TRUE, Reason.NO_BLOCK_FOUND, "Nothing stands in the way.")
    world = world_of(peered(), pair_that_says(), traffic=traffic)
    return status_of(link, plan_link(link, world), world)


WORKING, STUCK = "Reconciling", "Stalled"
half, gone = pair("Initiated", "Missing", "False", STUCK), pair("Missing", "Missing", "False", STUCK)
on_its_way, both = pair("Connected", "Connected", "False", WORKING), pair("Connected", "Connected", "False", STUCK)
no_gateway, no_tunnel = vpn("Missing", "Missing", "False", STUCK), vpn("NotConnected", "NotConnected", "False", STUCK)
REASONS: dict[Reason, Told] = {
    Reason.CREATING: pair("Initiated", "Missing", "False", WORKING),
    Reason.UPDATING: on_its_way,
    Reason.DELETING: pair("Deleting", "Disconnected", "False", WORKING),
    Reason.SYNCING: on_its_way,
    Reason.CONNECTING: vpn("Connecting", "Connecting", "False", WORKING),
    Reason.GATEWAY_PROVISIONING: vpn("Missing", "Missing", "False", WORKING),
    Reason.ROTATING_SHARED_KEY: vpn("NotConnected", "Connecting", "False", WORKING),
    Reason.SWITCHING_METHOD: switching,
    Reason.WAITING_FOR_OTHER_SIDE: pair("Initiated", "Missing", "False", WORKING),
    Reason.WAITING_FOR_GATEWAY: pair("Connected", "Connected", "True"),
    Reason.THROTTLED: unread,
    Reason.OPERATION_IN_PROGRESS: on_its_way,
    Reason.VNET_UPDATING: on_its_way,
    Reason.CONNECTED: pair("Connected", "Connected", "True"),
    Reason.ORPHANED: let_go,
    Reason.SUSPENDED: pair("Connected", "Connected", "True"),
    Reason.AZURE_UNREACHABLE: unread,
    Reason.INVALID_SPEC: invalid,
    Reason.VNET_NOT_FOUND: missing,
    Reason.REVERSE_PEERING_MISSING: half,
    Reason.PEERING_DISCONNECTED: pair("Disconnected", "Missing", "False", STUCK),
    Reason.ADDRESS_SPACE_OUT_OF_SYNC: both,
    Reason.ADDRESS_SPACES_OVERLAP: gone,
    Reason.OVERLAPS_WITH_PEERED_VNET: gone,
    Reason.CONFLICTING_PEERING: gone,
    Reason.NAME_TAKEN: foreign,
    Reason.ADOPTION_REFUSED: both,
    Reason.DUPLICATE_LINK: second,
    Reason.MANAGED_BY_NETWORK_MANAGER: gone,
    Reason.AUTHORIZATION_FAILED: unread,
    Reason.LINKED_AUTHORIZATION_FAILED: half,
    Reason.CREDENTIAL_INVALID: unread,
    Reason.CREDENTIAL_MISSING: ungranted,
    Reason.SERVICE_ACCOUNT_MISSING: unread,
    Reason.REFERENCE_NOT_GRANTED: ungranted,
    Reason.SCOPE_NOT_ALLOWED: ungranted,
    Reason.CONTESTED: disputed,
    Reason.DNS_ZONE_NOT_FOUND: zone,
    Reason.DNS_ZONE_NOT_LINKED: one_sided,
    Reason.POLICY_DENIED: half,
    Reason.SCOPE_LOCKED: half,
    Reason.PEERING_LIMIT_REACHED: gone,
    Reason.SUBNET_NOT_FOUND: gone,
    Reason.OPERATION_STUCK: pair("Initiated", "Missing", "False", STUCK),
    Reason.REMOTE_HAS_NO_GATEWAY: both,
    Reason.LOCAL_GATEWAY_EXISTS: both,
    Reason.CONNECTION_MISSING: vpn("NotConnected", "Missing", "False", STUCK),
    Reason.CONNECTION_TYPE_MISMATCH: vpn("Unknown", "Missing", "False", STUCK),
    Reason.EQUAL_ASN: no_gateway,
    Reason.GATEWAY_FAILED: no_gateway,
    Reason.GATEWAY_IN_USE: no_gateway,
    Reason.GATEWAY_MISSING: no_gateway,
    Reason.GATEWAY_SUBNET_HAS_NSG: no_gateway,
    Reason.GATEWAY_SUBNET_TOO_SMALL: no_gateway,
    Reason.GATEWAY_TYPE_MISMATCH: no_gateway,
    Reason.IPSEC_POLICY_MISMATCH: no_tunnel,
    Reason.NO_FREE_PREFIX: no_gateway,
    Reason.QUOTA_EXCEEDED: no_gateway,
    Reason.SECRET_NOT_LABELLED: no_gateway,
    Reason.SHARED_KEY_INVALID: no_gateway,
    Reason.SHARED_KEY_MISMATCH: no_tunnel,
    Reason.SHARED_KEY_MISSING: no_gateway,
    Reason.TUNNEL_NOT_CONNECTED: no_tunnel,
    Reason.UNSUPPORTED_SKU: no_gateway,
    Reason.NETWORK_SECURITY_BLOCKS: traffic,
    Reason.ROUTE_OVERRIDES: traffic,
    Reason.GATEWAY_ROUTES_NOT_PROPAGATED: traffic,
    Reason.NOT_TRANSITIVE: traffic,
    Reason.DRIFTED: pair("Connected", "Connected", "False"),
    Reason.DELETION_HELD: held,
    Reason.AZURE_ERROR: half,
    **dict.fromkeys(BESIDE_READY, beside),
}


def name_of(reason: Reason) -> str:
    """26 characters, as the Cloud Adoption Framework would have it: kind, workload, environment, region, number."""
    return f"vnl-orders-prod-weuneu-{list(Reason).index(reason) + 1:03}"


def cell(head: str, line: str, column: str) -> str:
    """What stands under a column's head."""
    return line[head.index(column) :].partition(" ")[0]


@pytest.fixture(scope="module")
def namespace(cluster: Cluster) -> str:
    """One object for each reason, without a status."""
    cluster.kubectl("create", "namespace", NAMESPACE)
    ends = link_of().spec.ends
    spec = {"vnet1": {"id": str(ends.vnet1.id)}, "vnet2": {"id": str(ends.vnet2.id)}}
    items = [
        {
            "apiVersion": "vnetlink.dev/v1alpha1",
            "kind": "VNetLink",
            "metadata": {"name": name_of(reason), "namespace": NAMESPACE},
            "spec": spec,
        }
        for reason in Reason
    ]
    whole = {"apiVersion": "v1", "kind": "List", "items": items}
    cluster.kubectl("create", "-f", "-", input=json.dumps(whole))
    return NAMESPACE


@pytest.fixture
async def statuses(cluster: Cluster) -> AsyncIterator[StatusWriter]:
    api = ApiServer(str(cluster.kubeconfig), None, "vnetlink/test")
    yield StatusWriter(api, Versions())
    await api.close()


async def test_the_table_has_one_line_for_each_reason_within_120_columns(
    cluster: Cluster, namespace: str, statuses: StatusWriter
) -> None:
    assert set(REASONS) == set(Reason)
    listed = json.loads(cluster.kubectl("-n", namespace, "get", "vnetlinks", "-o", "json").stdout)["items"]
    bodies = {body["metadata"]["name"]: body for body in listed}
    for reason, told in REASONS.items():
        body = bodies[name_of(reason)]
        meta = replace(link_of().meta, key=ObjectKey("vnetlinks", namespace, name_of(reason)), generation=1)
        status = told(replace(link_of(), meta=meta), reason)
        assert reason.value in {row["reason"] for row in status["conditions"]}, reason
        assert isinstance(await statuses.write(body, status), Written), reason

    head, *lines = cluster.kubectl("-n", namespace, "get", "vnetlinks").stdout.splitlines()
    age = head.index("AGE")
    table = "\n".join((head, *(f"{line[:age]}3d" for line in lines))) + "\n"

    assert age + LONGEST_AGE <= WIDTH
    for reason, line in zip(Reason, lines, strict=True):
        name, there, back, ready, shown = (cell(head, line, column) for column in COLUMNS)
        assert (len(name), shown == reason.value or reason in BESIDE_READY) == (26, True), line
        assert all((there, back, ready)), f"{line}: a column says nothing"
        assert {there, back} == {"Connected"} or ready != "True", line
    if not GOLDEN.exists():
        GOLDEN.write_text(table)
        pytest.fail(f"{GOLDEN.name} was written: read it, then run this test again")
    assert table == GOLDEN.read_text()


def test_the_words_that_people_type_first_work(cluster: Cluster, namespace: str) -> None:
    connected, broken = name_of(Reason.CONNECTED), name_of(Reason.SHARED_KEY_MISMATCH)
    one = cluster.kubectl("-n", namespace, "get", "vnetlinks", broken, "--no-headers").stdout
    assert one.split()[:6] == [broken, "Vpn", "NotConnected", "NotConnected", "False", "SharedKeyMismatch"]
    for word in ("vnetlinks", "vnetlink", "vnl", "vnls"):
        cluster.kubectl("-n", namespace, "wait", "--for=condition=Ready", word, connected, "--timeout=5s")
    wide = cluster.kubectl("-n", namespace, "get", "vnl", connected, "-o", "wide").stdout.splitlines()[0]
    more = ["VNET1", "VNET2", "SYNC", "LOCATION1", "LOCATION2", "MESSAGE"]
    assert wide.split() == ["NAME", "METHOD", "1->2", "2->1", "READY", "REASON", "AGE", *more]
