"""From two VNets and a key to a tunnel: one object makes subnets, addresses, gateways and both connections."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from controlplane.cluster import Cluster
from estate import eventually
from interruptions import own, taken
from vpn_estate import KEY, VpnEstate
from vpn_scenes import (
    EVERY_WRITE,
    HOURS,
    PAIR,
    STANDING,
    Columns,
    Versions,
    ask,
    azure_at_a_pace,
    counted,
    events,
    made,
    properties,
    ready,
    rest,
)

SINCE = r"Gateway {} is being created since \d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\dZ, typically 20 to 45 minutes\."


@pytest.fixture
def patient(cluster: Cluster, tmp_path: Path) -> Iterator[VpnEstate]:
    """An Azure whose gateways are made for as long as the clock is not moved; all else takes no time."""
    with azure_at_a_pace(cluster, tmp_path, {"virtualNetworkGateways.create": 30_000_000}, speed="10000") as vpn:
        yield vpn


def begin(vpn: VpnEstate, **spec: object) -> None:
    """Apply the pair of app and data, that makes both gateways."""
    ends = vpn.two_vnets()
    vpn.secret()
    vpn.start()
    vpn.vpn(PAIR, *ends, **spec)  # type: ignore[arg-type]


def pass_time(vpn: VpnEstate) -> None:
    """Gateways that were being made are made."""
    vpn.azure.advance(HOURS)
    ask(vpn)


def test_one_apply_makes_two_gateways_and_two_connections_with_one_key(vpn: VpnEstate) -> None:
    begin(vpn)
    vpn.kubectl("wait", "--for=condition=Ready", "vpnpair/app-to-data", "--timeout=60s")
    vpn.kubectl("wait", "--for=condition=Connected", "vpnpair/app-to-data", "--timeout=60s")

    assert vpn.names("virtualNetworkGateways") == ["app-gateway", "data-gateway"]
    assert vpn.names("publicIPAddresses") == ["app-gateway-ip", "data-gateway-ip"]
    assert vpn.names("connections") == ["app-data", "data-app"]
    assert vpn.shared_key("app-data") == vpn.shared_key("data-app") == KEY
    assert vpn.condition(PAIR)["message"] == "Both connections are Connected."


def test_eight_writes_are_all_and_each_comes_as_soon_as_what_it_needs(vpn: VpnEstate) -> None:
    begin(vpn)
    vpn.wait_ready(PAIR)

    written = vpn.writes()
    assert sorted(written) == EVERY_WRITE
    assert set(written[-2:]) == {"PUT app-data", "PUT data-app"}, "connections need both gateways"
    for side in ("app", "data"):
        paths = [one["path"].partition("?")[0] for one in own(vpn) if one["method"] == "PUT"]
        subnet, address, gateway = (
            next(n for n, path in enumerate(paths) if path.endswith(end))
            for end in (f"{side}/subnets/GatewaySubnet", f"/{side}-gateway-ip", f"/{side}-gateway")
        )
        assert max(subnet, address) < gateway
    assert counted(vpn)["PUT"] == 8, "not even one that ARM refuses"
    assert counted(vpn)["GET"] <= 60


def test_at_rest_nothing_is_written_and_each_part_is_read_once_an_interval(vpn: VpnEstate) -> None:
    ready(vpn)
    rest(vpn, reads=1)
    version, since = vpn.read(PAIR)["metadata"]["resourceVersion"], vpn.azure.last_request()

    rest(vpn, reads=3)
    assert vpn.writes(since) == []
    assert vpn.read(PAIR)["metadata"]["resourceVersion"] == version, "nor to Kubernetes"
    looks = own(vpn, since)
    each = [one["path"].partition("?")[0] for one in looks]
    assert len(set(each)) == 12, "VNet, gateway, its connections, address, connection and key on each side"
    assert max(each.count(path) for path in each) <= 4


def test_both_gateways_are_begun_before_either_stands(patient: VpnEstate) -> None:
    begin(patient)
    eventually("both begun", lambda: sorted(taken(patient)) == sorted(STANDING))
    states = [
        properties(patient, "virtualNetworkGateways", f"{one}-gateway")["provisioningState"] for one in ("app", "data")
    ]
    assert states == ["Updating", "Updating"]

    pass_time(patient)
    patient.wait_ready(PAIR)
    assert sorted(taken(patient)) == EVERY_WRITE


@pytest.mark.parametrize("slow", ["app/subnets/GatewaySubnet", "publicIPAddresses/app-gateway-ip"])
def test_a_slow_part_holds_up_its_own_gateway_and_nothing_else(patient: VpnEstate, slow: str) -> None:
    patient.azure.fault(kind="stall", method="PUT", path=slow, seconds=30_000_000)
    begin(patient)
    without = sorted(one for one in STANDING if one != "PUT app-gateway")

    eventually("all that does not wait", lambda: sorted(taken(patient)) == without)
    ask(patient)
    rest(patient, "virtualNetworks/app")
    assert sorted(taken(patient)) == without
    pass_time(patient)
    eventually("the gateway that waited", lambda: sorted(taken(patient)) == sorted(STANDING))
    pass_time(patient)
    patient.wait_ready(PAIR)


def test_one_connection_does_not_wait_for_the_other(patient: VpnEstate) -> None:
    patient.azure.fault(kind="stall", method="PUT", path="connections/app-data", seconds=30_000_000)
    begin(patient)
    eventually("both begun", lambda: sorted(taken(patient)) == sorted(STANDING))
    pass_time(patient)
    eventually("both connections", lambda: sorted(taken(patient)) == EVERY_WRITE)
    assert properties(patient, "connections", "app-data")["provisioningState"] == "Updating"


def test_the_long_wait_says_since_when_and_what_is_usual_and_looks_like_progress(patient: VpnEstate) -> None:
    begin(patient)
    patient.wait_reason(PAIR, "GatewayProvisioning")
    both = f"{SINCE.format('app-gateway')} {SINCE.format('data-gateway')}"
    eventually("both told", lambda: re.fullmatch(both, patient.condition(PAIR)["message"]))
    message = patient.condition(PAIR)["message"]

    kinds = {row["type"]: row["status"] for row in patient.status(PAIR)["conditions"]}
    assert kinds == {"Ready": "False", "Reconciling": "True", "Connected": "False"}, (
        "progress, as Flux and Argo read it"
    )
    columns = patient.kubectl("get", "vpnpairs", PAIR, "--no-headers").split()
    assert columns[:7] == [PAIR, "Creating", "Creating", "Missing", "Missing", "False", "GatewayProvisioning"]
    notes = events(patient, "GatewayCreating")
    assert len(notes) == 2
    assert all(
        "(VpnGw1AZ), typically 20 to 45 minutes. It is billed by the hour from then on" in note for note in notes
    )

    version = patient.read(PAIR)["metadata"]["resourceVersion"]
    rest(patient, "virtualNetworkGateways/app-gateway")
    assert patient.condition(PAIR)["message"] == message
    assert patient.read(PAIR)["metadata"]["resourceVersion"] == version, "waiting writes nothing"

    pass_time(patient)
    patient.wait_ready(PAIR)
    eventually("each told once", lambda: len(events(patient, "GatewayReady")) == 2)
    eventually("once", lambda: len(events(patient, "Connected")) == 1)


def test_kubectl_watches_each_part_and_each_direction_come_up(cluster: Cluster, tmp_path: Path) -> None:
    kinds = ("subnets", "publicIPAddresses", "virtualNetworkGateways", "connections")
    slow = {f"{kind}.create": 30_000_000.0 for kind in kinds} | {"connections.connecting": 30_000_000.0}
    with azure_at_a_pace(cluster, tmp_path, slow, speed="10000") as vpn:
        ends = vpn.two_vnets()
        vpn.secret()
        vpn.vpn(PAIR, *ends)
        with Columns(vpn, PAIR) as shown, Versions(vpn, PAIR) as seen:
            vpn.start()
            for part, state in (("PublicIP", "Creating"), ("Gateway", "Creating"), ("Connection", "Connecting")):
                eventually(f"{part} {state}", lambda: states(vpn, part) == [state, state])  # noqa: B023 - called at once
                pass_time(vpn)
            eventually(
                "Succeeded", lambda: properties(vpn, "connections", "data-app")["provisioningState"] == "Succeeded"
            )
            pass_time(vpn)
            vpn.wait_ready(PAIR)
            eventually("the last line", lambda: shown.column(5)[-1:] == ["True"])

    assert shown.column(1) == shown.column(2) == ["Missing", "Creating", "Succeeded"]
    assert shown.column(3) == shown.column(4) == ["Missing", "Connecting", "Connected"]
    assert shown.column(5) == ["False", "True"]
    walked = seen.parts()
    for part in ("virtualNetworks/{}/subnets/GatewaySubnet", "publicIPAddresses/{}-gateway-ip"):
        assert walked[part.format("app")] == walked[part.format("data")] == ["Missing", "Creating", "Succeeded"], part
    assert walked["virtualNetworkGateways/app-gateway"] == ["Missing", "Creating", "Succeeded"]
    assert walked["connections/app-data"] == ["Missing", "Connecting", "Connected"]
    assert not any(row["type"] == "Stalled" for status in seen.statuses for row in status.get("conditions", []))


def states(vpn: VpnEstate, role: str) -> list[str]:
    """Of both resources with this role, as status tells them."""
    return [one["state"] for one in vpn.status(PAIR).get("resources", []) if one["role"] == role]


def test_everything_made_carries_the_users_tags_and_whose_it_is(vpn: VpnEstate) -> None:
    side = {"gateway": {"create": {"tags": {"cost-center": "42"}}}}
    ready(vpn, side1=side)
    installation = json.loads(vpn.read(PAIR)["metadata"]["annotations"]["vnetlink.dev/owned"])["installation"]
    ours = {"managed-by": "vnetlink", "vnetlink-owner": f"{installation}/VpnConnectionPair/default/{PAIR}"}

    assert made(vpn, "publicIPAddresses", "app-gateway-ip")["tags"] == {**ours, "cost-center": "42"}
    assert made(vpn, "virtualNetworkGateways", "app-gateway")["tags"].items() >= {**ours, "cost-center": "42"}.items()
    assert made(vpn, "publicIPAddresses", "data-gateway-ip")["tags"] == ours
    assert made(vpn, "connections", "app-data")["tags"] == made(vpn, "connections", "data-app")["tags"] == ours


def test_addresses_have_the_zones_of_their_region(vpn: VpnEstate) -> None:
    ready(vpn, PAIR, vpn.azure.vnet("app", "10.1.0.0/16"), vpn.azure.vnet("data", "10.2.0.0/16", location="westus"))

    assert made(vpn, "publicIPAddresses", "app-gateway-ip")["zones"] == ["1", "2", "3"]
    bare = made(vpn, "publicIPAddresses", "data-gateway-ip")
    assert (bare.get("zones"), bare["location"], bare["sku"]["name"]) == (None, "westus", "Standard")
    assert bare["properties"]["publicIPAllocationMethod"] == "Static"


def test_a_gateway_subnet_is_placed_in_free_space_where_it_is_told_to_be_or_where_it_is(vpn: VpnEstate) -> None:
    crowded = vpn.azure.vnet("app", "10.1.0.0/16", subnets={"low": "10.1.0.0/24", "high": "10.1.255.0/24"})
    open_ = vpn.azure.vnet("data", "10.2.0.0/16")
    there = vpn.azure.vnet("ops", "10.3.0.0/16", subnets={"GatewaySubnet": "10.3.7.0/26"})
    larger = vpn.azure.vnet("web", "10.4.0.0/16")
    explicit = {"gateway": {"create": {"gatewaySubnet": {"addressPrefix": "10.2.9.0/26"}}}}
    ready(vpn, PAIR, crowded, open_, side2=explicit)
    ready(vpn, "ops-to-web", there, larger, side2={"gateway": {"create": {"gatewaySubnet": {"prefixLength": 25}}}})

    def subnet(vnet: str) -> str:
        prefix: str = vpn.azure.get(f"{vnet}/subnets/GatewaySubnet")["properties"]["addressPrefix"]
        return prefix

    assert [subnet(one) for one in (crowded, open_, there, larger)] == [
        "10.1.254.224/27",
        "10.2.9.0/26",
        "10.3.7.0/26",
        "10.4.255.128/25",
    ]
    origins = {
        one["id"]: one["origin"] for one in vpn.status("ops-to-web")["resources"] if one["role"] == "GatewaySubnet"
    }
    assert origins == {f"{there}/subnets/GatewaySubnet": "Selected", f"{larger}/subnets/GatewaySubnet": "Created"}
    assert [one for one in own(vpn) if one["method"] == "PUT" and "ops/subnets" in one["path"]] == []


def test_names_that_nobody_gave_fit_azures_limits_and_do_not_collide(vpn: VpnEstate) -> None:
    long1, long2 = "a" * 64, "b" * 64
    ends = vpn.azure.vnet(long1, "10.1.0.0/16"), vpn.azure.vnet(long2, "10.2.0.0/16")
    ready(vpn, "long", *ends)
    hub = vpn.azure.vnet("main", "10.3.0.0/16", group="hub")
    spokes = [vpn.azure.vnet("main", f"10.{n}.0.0/16", group=f"spoke{n}") for n in (4, 5)]
    for n, spoke in enumerate(spokes):
        vpn.vpn(f"hub-to-{n}", hub, spoke)
    for n in range(2):
        vpn.wait_ready(f"hub-to-{n}")

    assert vpn.names("virtualNetworkGateways") == [f"{long1}-gateway", f"{long2}-gateway"]
    connections = vpn.names("connections")
    assert len(connections) == 2
    assert all(re.fullmatch(r"[ab-]{1,71}-[0-9a-f]{8}", name) and len(name) <= 80 for name in connections)
    assert vpn.names("virtualNetworkGateways", "hub") == ["main-gateway"]
    plain, hashed = vpn.names("connections", "hub")
    assert plain == "main-main"
    assert re.fullmatch("main-main-[0-9a-f]{8}", hashed)


def test_names_that_somebody_gave_are_kept(vpn: VpnEstate) -> None:
    ends = vpn.two_vnets()
    net = f"{vpn.azure.group('net')}/providers/Microsoft.Network"
    gateway = {"id": f"{net}/virtualNetworkGateways/gw", "create": {"publicIP": {"id": f"{net}/publicIPAddresses/pip"}}}
    ready(vpn, PAIR, *ends, side1={"gateway": gateway, "connection": {"id": f"{net}/connections/there"}})

    assert vpn.names("virtualNetworkGateways", "net") == ["gw"]
    assert vpn.names("publicIPAddresses", "net") == ["pip"]
    assert vpn.names("connections", "net") == ["there"]
    assert vpn.names("virtualNetworkGateways") == ["data-gateway"]
    assert vpn.names("connections") == ["data-app"]
