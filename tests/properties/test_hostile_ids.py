"""Whatever stands in a spec, a request goes to the resource that an id in it names, at the configured Azure, or nowhere (T9)."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import fields, is_dataclass
from typing import Any
from urllib.parse import parse_qs, unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from yarl import URL

from listening import CLIENT, TENANT, Wire
from vnetlink.azure.answers import Answer, Trouble
from vnetlink.azure.clients import Network
from vnetlink.domain.arm_id import (
    ArmId,
    ConnectionId,
    GatewayId,
    InvalidId,
    NetworkSecurityGroupId,
    PeeringId,
    PrivateDnsZoneId,
    PublicIpId,
    ResourceGroupId,
    RouteTableId,
    SubnetId,
    VnetId,
    ZoneLinkId,
)
from vnetlink.domain.credential import AzureCredential
from vnetlink.domain.ownership import Origin, OwnershipRecord, Part, Role, Slot
from vnetlink.domain.shared_key import SharedKey
from vnetlink.domain.sides import Side
from vnetlink.domain.specs import CredentialRef, SpecError
from vnetlink.domain.vnet_link import WantedZone
from vnetlink.domain.vpn import SecretKeyRef
from vnetlink.kube.api import path
from vnetlink.kube.credential_block import azure_credential
from vnetlink.kube.decode import OWNED, decode

HERE, SUBSCRIPTION = "here", "0a1b2c3d-0000-0000-0000-00000000000f"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/My-Group_(1)"
NETWORK = f"{GROUP}/providers/Microsoft.Network"
VNETS = f"{NETWORK}/virtualNetworks"

IDS: dict[Any, str] = {
    VnetId: f"{VNETS}/hub.1",
    PeeringId: f"{VNETS}/hub.1/virtualNetworkPeerings/hub-spoke",
    SubnetId: f"{VNETS}/hub.1/subnets/GatewaySubnet",
    GatewayId: f"{NETWORK}/virtualNetworkGateways/gw",
    PublicIpId: f"{NETWORK}/publicIPAddresses/gw-ip",
    ConnectionId: f"{NETWORK}/connections/a..b",
    NetworkSecurityGroupId: f"{NETWORK}/networkSecurityGroups/n",
    RouteTableId: f"{NETWORK}/routeTables/t",
    PrivateDnsZoneId: f"{NETWORK}/privateDnsZones/corp.example",
    ZoneLinkId: f"{NETWORK}/privateDnsZones/corp.example/virtualNetworkLinks/hub",
    ResourceGroupId: GROUP,
}
PIECES = (
    *("..", ".", "/", "//", "/../", "/./", "\\", "\\..\\", "%2f", "%2F..%2F", "%5c", "%2e%2e", "%00", "%", "%25"),
    *("?", "?api-version=1", "#", "&", "=", ";", ":", ":8443", "@", "@evil.example", "https://evil.example/", "*", "'"),
    *("\r\n", "\r\nX-Evil: 1", "\n", "\t", "\x00", " ", "\u212a", "\u017f", "\uff0f", "\u2215", "\uff0e\uff0e", "é"),
    *("{0}", "{x}", "{", "}", "(", ")", "_", "-", "x", "9", "x" * 10_000, "%7B0%7D"),
    *("/subnets/x", "/providers/Microsoft.Compute/virtualMachines/vm", "/resourceGroups/other", "/subscriptions/"),
)


@st.composite
def spoilt(draw: st.DrawFn, text: str) -> str:
    """`text` with something in it, around it, or in the place of one of its segments."""
    piece = draw(st.one_of(st.sampled_from(PIECES), st.text(max_size=8)))
    if draw(st.booleans()):
        at = draw(st.sampled_from((0, len(text))) | st.integers(0, len(text)))
        return text[:at] + piece + text[at + draw(st.integers(0, 2)) :]
    segments = text.split("/")
    segments[draw(st.integers(0, len(segments) - 1))] = piece
    return "/".join(segments)


def hostile(text: str) -> st.SearchStrategy[str]:
    return st.one_of(spoilt(text), spoilt(text).flatmap(spoilt), st.text(), st.sampled_from(PIECES))


# --- texts


@given(data=st.data())
@settings(max_examples=400, deadline=None)
def test_what_passes_for_an_id_is_written_again_as_it_stood(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(list(IDS)))
    text = data.draw(hostile(IDS[kind]))
    try:
        id = kind.parse(text)
    except InvalidId:
        return
    assert str(id).lower() == text.lower()
    assert set(text.split("/")[1:]).isdisjoint({"", ".", ".."})
    assert set(text) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-_.()")


# --- specs

END = {"credentialRef": {"name": "ours", "namespace": "team"}}
ENDS = {"vnet1": {"id": f"{VNETS}/app", **END}, "vnet2": {"id": f"{VNETS}/data", **END}}
CREATE = {"location": "westeurope", "addressPrefixes": ["10.1.0.0/16"], "tags": {"a": "b"}}
SUBNETS = [{"name": "front", "addressPrefix": "10.1.1.0/24"}]
PEERING = {
    "vnet1": {"name": "there"},
    "vnet2": {"name": "back"},
    "subnetPeering": {"vnet1SubnetNames": ["a"], "vnet2SubnetNames": ["b"]},
}
VPN = {
    "vnet1": {
        "gateway": {"id": f"{NETWORK}/virtualNetworkGateways/gw1"},
        "connection": {"id": f"{NETWORK}/connections/c"},
    },
    "vnet2": {"gateway": {"create": {"sku": "VpnGw1AZ", "publicIP": {"id": f"{NETWORK}/publicIPAddresses/ip"}}}},
    "sharedKey": {"secretRef": {"name": "psk", "key": "sharedKey"}},
}
SPECS: dict[str, dict[str, Any]] = {
    "PeeringPair": {**ENDS, "peering": PEERING},
    "VpnConnectionPair": {**ENDS, "vpn": VPN},
    "VNetLink": {
        "vnet1": {**ENDS["vnet1"], "create": {**CREATE, "subnets": SUBNETS}},
        "vnet2": ENDS["vnet2"],
        "peering": PEERING,
        "vpn": VPN,
        "dns": {"privateDnsZones": [{"id": f"{NETWORK}/privateDnsZones/corp.example", **END}]},
        "requiredFlows": [{"fromSubnet": "front", "toSubnet": "sql"}],
    },
    "AzureCredential": {
        "type": "WorkloadIdentity",
        "tenantId": TENANT,
        "clientId": CLIENT,
        "serviceAccountRef": {"name": "network"},
        "allowedScopes": [GROUP, f"{VNETS}/app", GROUP.partition("/resourceGroups")[0]],
    },
}


def leaves(holder: Any) -> Iterator[tuple[Any, Any]]:
    """Where each text stands, as a holder and its key."""
    for key, value in list(holder.items() if isinstance(holder, dict) else enumerate(holder)):
        if isinstance(value, str):
            yield holder, key
        elif isinstance(value, dict | list):
            yield from leaves(value)


def values(value: object) -> Iterator[object]:
    """Every value in a frozen one, itself included."""
    yield value
    if is_dataclass(value):
        inner: list[object] = [getattr(value, field.name) for field in fields(value)]
    elif isinstance(value, Mapping):
        inner = [*value.keys(), *value.values()]
    else:
        inner = list(value) if isinstance(value, tuple | frozenset) else []
    for one in inner:
        yield from values(one)


def names(value: object) -> tuple[str | None, ...]:
    """What becomes a segment of a path of the API server."""
    match value:
        case CredentialRef(name=name, namespace=namespace):
            return (name, namespace)
        case WantedZone(credential=(name, namespace)):
            return (name, namespace)
        case SecretKeyRef(name=name):
            return (name,)
        case AzureCredential():
            return (value.service_account or None, value.secret or None)
        case _:
            return ()


def document(kind: str, spec: Any, owned: str = "") -> dict[str, Any]:
    notes = {"annotations": {OWNED: owned}} if owned else {}
    return {"kind": kind, "metadata": {"name": "one", "namespace": "team", **notes}, "spec": spec}


@pytest.mark.parametrize("kind", SPECS)
@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_a_hostile_spec_is_refused_or_names_what_is_written_in_it_and_nothing_else(
    kind: str, data: st.DataObject
) -> None:
    spec = deepcopy(SPECS[kind])
    holder, key = data.draw(st.sampled_from(list(leaves(spec))))
    holder[key] = data.draw(hostile(holder[key]))
    read = azure_credential(document(kind, spec)) if kind == "AzureCredential" else decode(document(kind, spec), HERE)
    if isinstance(read, SpecError):
        return
    written = {holder[key].lower() for holder, key in leaves(spec)}
    if isinstance(read, AzureCredential):
        assert set(read.tenant + read.client) <= set("0123456789abcdef-")
    for value in values(read):
        assert not isinstance(value, ArmId) or value.key in written
        for name in names(value):
            assert name is None or URL(f"https://server{path('before', name, 'after')}").parts[1:] == (
                "before",
                name,
                "after",
            )


def test_an_unspoilt_spec_is_read() -> None:
    for kind, spec in SPECS.items():
        read = azure_credential(document(kind, spec)) if kind == "AzureCredential" else decode(document(kind, spec), "")
        assert not isinstance(read, SpecError), read


@given(data=st.data())
@settings(deadline=None)
def test_a_hostile_record_counts_as_none_or_names_what_is_written_in_it(data: st.DataObject) -> None:
    ids = {Role.LINK: PeeringId, Role.VNET: VnetId, Role.GATEWAY: GatewayId, Role.DNS_LINK: ZoneLinkId}
    role, kind = data.draw(st.sampled_from(list(ids.items())))
    record = OwnershipRecord(HERE, "team/one").with_part(
        Slot(Side.VNET1, role), Part(kind.parse(IDS[kind]), Origin.CREATED)
    )
    forged = json.loads(record.dump())
    (part,) = forged["parts"].values()
    part["id"] = data.draw(hostile(part["id"]))
    read = decode(document("PeeringPair", SPECS["PeeringPair"], json.dumps(forged)), HERE)
    assert not isinstance(read, SpecError)
    assert {str(kept.id).lower() for kept in read.record.parts.values()} <= {part["id"].lower()}


# --- requests

Ask = Callable[[Network, Any], Awaitable[Answer | Trouble]]
BODY: dict[str, Any] = {"location": "westeurope", "properties": {}}
KEY = SharedKey("a-key-of-16-chars")
REQUESTS: tuple[tuple[str, Any, str, Ask], ...] = (
    ("GET", VnetId, "", lambda network, id: network.vnet(id)),
    ("PUT", VnetId, "", lambda network, id: network.put_vnet(id, BODY, etag="")),
    ("DELETE", VnetId, "", lambda network, id: network.delete(id, etag="")),
    ("PUT", PeeringId, "", lambda network, id: network.put_peering(id, BODY, sync=True, etag="")),
    ("DELETE", PeeringId, "", lambda network, id: network.delete(id, etag="")),
    ("PUT", SubnetId, "", lambda network, id: network.put_subnet(id, BODY)),
    ("DELETE", SubnetId, "", lambda network, id: network.delete(id, etag="")),
    ("GET", GatewayId, "", lambda network, id: network.gateway(id)),
    ("GET", GatewayId, "/connections", lambda network, id: network.connections_of(id)),
    ("PUT", GatewayId, "", lambda network, id: network.put_gateway(id, BODY, etag="")),
    ("PATCH", GatewayId, "", lambda network, id: network.patch_tags(id, (), etag="")),
    ("DELETE", GatewayId, "", lambda network, id: network.delete(id, etag="")),
    ("GET", PublicIpId, "", lambda network, id: network.public_ip(id)),
    ("PUT", PublicIpId, "", lambda network, id: network.put_public_ip(id, BODY)),
    ("PATCH", PublicIpId, "", lambda network, id: network.patch_tags(id, (), etag="")),
    ("DELETE", PublicIpId, "", lambda network, id: network.delete(id, etag="")),
    ("GET", ConnectionId, "", lambda network, id: network.connection(id)),
    ("GET", ConnectionId, "/sharedkey", lambda network, id: network.shared_key(id)),
    ("PUT", ConnectionId, "", lambda network, id: network.put_connection(id, BODY, KEY, etag="")),
    ("PUT", ConnectionId, "/sharedkey", lambda network, id: network.put_shared_key(id, KEY)),
    ("PATCH", ConnectionId, "", lambda network, id: network.patch_tags(id, (), etag="")),
    ("DELETE", ConnectionId, "", lambda network, id: network.delete(id, etag="")),
    ("GET", NetworkSecurityGroupId, "", lambda network, id: network.network_security_group(id)),
    ("GET", RouteTableId, "", lambda network, id: network.route_table(id)),
    ("GET", ResourceGroupId, "", lambda network, id: network.others.resource_group(id)),
    ("PUT", ResourceGroupId, "", lambda network, id: network.others.put_resource_group(id, BODY)),
    ("GET", PrivateDnsZoneId, "/virtualnetworklinks", lambda network, id: network.others.zone_links(id)),
    ("PUT", ZoneLinkId, "", lambda network, id: network.others.put_zone_link(id, BODY)),
    ("PATCH", ZoneLinkId, "", lambda network, id: network.others.patch_zone_link(id, BODY, etag="")),
    ("DELETE", ZoneLinkId, "", lambda network, id: network.delete(id, etag="")),
)


def strange(name: str, *, dots: bool = True) -> st.SearchStrategy[str]:
    """A name that is as odd as ARM lets it be."""
    inner = st.sampled_from(("..", ".", "-", "_", "a", "Z", "0", "-.-", "._.") if dots else ("-", "a", "Z"))
    return st.lists(inner, max_size=12).map(lambda parts: f"{name[0]}{''.join(parts)}_")


@st.composite
def accepted(draw: st.DrawFn, kind: Any) -> str:
    """An id of that kind with names as odd as ARM lets them be."""
    segments = IDS[kind].split("/")
    segments[4] = draw(st.sampled_from(("..a", "(..)", "..-", "My.(group)", "a" * 90, "-")))
    for at in range(8, len(segments), 2):
        segments[at] = draw(strange(segments[at]))
    return "/".join(segments)


@given(data=st.data())
@settings(max_examples=200, deadline=None)
def test_a_request_goes_to_the_very_resource_that_its_id_names(wire: Wire, data: st.DataObject) -> None:
    """Seen at the other end of the wire, after all that SDK and HTTP client do to a URL."""
    method, kind, suffix, ask = data.draw(st.sampled_from(REQUESTS))
    id = kind.parse(data.draw(accepted(kind)))
    (heard,) = wire.ask(lambda network: ask(network, id), SUBSCRIPTION)
    went, _, query = heard.target.partition("?")
    assert heard.method == method
    assert unquote(went).lower() == f"{id.key}{suffix}"
    assert set(went.split("/")[1:]).isdisjoint({"", ".", ".."})
    assert set(parse_qs(query)) - {"syncRemoteAddressSpace"} == {"api-version"}
    assert heard.headers["host"] == f"localhost:{wire.arm.port}"
    assert wire.strayed == 0
