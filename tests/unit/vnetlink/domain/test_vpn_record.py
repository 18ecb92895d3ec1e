"""The record of a VpnConnectionPair: parts of every type, a rotation on its way, and the last one."""

from __future__ import annotations

import json

import pytest

from vnetlink.domain.arm_id import ConnectionId, GatewayId, PeeringId, PublicIpId, SubnetId, VnetId
from vnetlink.domain.ownership import Origin, OwnershipRecord, Part, PartId, Role, Rotated, Rotation, Slot
from vnetlink.domain.sides import Side

SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
IDS: dict[Role, PartId] = {
    Role.LINK: ConnectionId(SUBSCRIPTION, "rg", "one-two"),
    Role.GATEWAY_SUBNET: SubnetId(VnetId(SUBSCRIPTION, "rg", "one"), "GatewaySubnet"),
    Role.PUBLIC_IP: PublicIpId(SUBSCRIPTION, "rg", "ip"),
    Role.PUBLIC_IP_2: PublicIpId(SUBSCRIPTION, "rg", "ip2"),
    Role.GATEWAY: GatewayId(SUBSCRIPTION, "rg", "gateway"),
}
SLOTS = [Slot(side, role) for side in Side for role in IDS]
EMPTY = OwnershipRecord("here", "team/pair")


def full() -> OwnershipRecord:
    record = EMPTY
    for slot in SLOTS:
        part = Part(IDS[slot.role], Origin.CREATED, "2026-01-01T00:00:00Z", "17", slot.side is Side.VNET1)
        record = record.with_part(slot, part)
    return record


def read(text: str) -> OwnershipRecord:
    return OwnershipRecord.load(text, "here", "team/pair", ConnectionId)


def test_every_part_survives_being_written_and_read() -> None:
    assert read(full().dump()) == full()


@pytest.mark.parametrize("rotation", [None, Rotation("17", "2026-01-01"), Rotation("previous", "2026", "2027")])
@pytest.mark.parametrize("rotated", [None, Rotated("2026", 0), Rotated("2026", 75, rolled_back=True)])
def test_a_rotation_and_the_last_one_survive_being_written_and_read(
    rotation: Rotation | None, rotated: Rotated | None
) -> None:
    record = OwnershipRecord("here", "team/pair", rotation=rotation, rotated=rotated)
    assert read(record.dump()) == record


def test_every_slot_of_a_vpn_has_a_name_of_its_own() -> None:
    assert len({str(slot) for slot in SLOTS}) == 10


def test_equal_records_are_equal_text_whatever_the_order_in_which_they_came_about() -> None:
    one, two = (Slot(side, Role.GATEWAY) for side in Side)
    part = Part(IDS[Role.GATEWAY], Origin.CREATED)
    assert (
        EMPTY.with_part(one, part).with_part(two, part).dump() == EMPTY.with_part(two, part).with_part(one, part).dump()
    )


def test_a_record_without_a_part_has_everything_else() -> None:
    left = full().without_part(Slot(Side.VNET1, Role.GATEWAY))
    assert left.part(Side.VNET1, Role.GATEWAY) is None
    assert len(left.parts) == len(SLOTS) - 1


@pytest.mark.parametrize(
    "change",
    [
        {"parts": {"vnet1Gateway": {"id": str(IDS[Role.PUBLIC_IP]), "origin": "Created"}}},
        {
            "parts": {
                "vnet1ToVnet2": {"id": str(PeeringId(VnetId(SUBSCRIPTION, "rg", "one"), "x")), "origin": "Created"}
            }
        },
        {"parts": {"vnet1Gateway": {"id": str(IDS[Role.GATEWAY]), "origin": "Stolen"}}},
        {"parts": {"vnet1Gateway": "x"}},
        {"rotation": {}},
        {"rotation": "x"},
        {"rotated": {"ended": "2026", "outageSeconds": "many", "rolledBack": False}},
        {"rotated": []},
        {"object": "team/other"},
        {"installation": "there"},
    ],
)
def test_what_is_not_exactly_a_record_of_this_object_is_none_at_all(change: dict[str, object]) -> None:
    document = {**json.loads(full().dump()), **change}
    assert read(json.dumps(document)) == EMPTY


def test_what_a_newer_version_has_added_is_passed_over() -> None:
    document = json.loads(full().dump())
    document["parts"]["vnet1Moon"] = {"id": "x"}
    assert read(json.dumps({**document, "future": 1})) == full()
