"""Only a record of this installation and this very object is a record."""

from __future__ import annotations

import json

import pytest

from vnetlink.domain.arm_id import PeeringId
from vnetlink.domain.ownership import Origin, OwnershipRecord, Part, Slot
from vnetlink.domain.sides import Side

ID = PeeringId.parse(
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.Network"
    "/virtualNetworks/one/virtualNetworkPeerings/one-two"
)
RECORD = OwnershipRecord("here", "team/pair").with_part(Slot(Side.VNET1), Part(ID, Origin.CREATED))


def test_a_record_survives_being_written_and_read() -> None:
    assert OwnershipRecord.load(RECORD.dump(), "here", "team/pair").parts == RECORD.parts


@pytest.mark.parametrize(
    ("installation", "owner"), [("there", "team/pair"), ("here", "team/other"), ("here", "other/pair")]
)
def test_a_record_of_another_installation_or_object_is_no_record(installation: str, owner: str) -> None:
    assert OwnershipRecord.load(RECORD.dump(), installation, owner).parts == {}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '"x"',
        json.dumps({"installation": "here", "object": "team/pair"}),
        json.dumps({"installation": "here", "object": "team/pair", "parts": []}),
        json.dumps(
            {
                "installation": "here",
                "object": "team/pair",
                "parts": {"vnet1ToVnet2": {"id": "/x", "origin": "Created"}},
            }
        ),
        RECORD.dump().replace("Created", "Stolen"),
        RECORD.dump().replace("one-two", "../../x"),
        "[" * 100_000,
        '{"parts":' * 20_000,
    ],
    ids=lambda text: text[:40],
)
def test_a_record_that_cannot_be_read_is_no_record(text: str) -> None:
    assert OwnershipRecord.load(text, "here", "team/pair").parts == {}


def test_equal_records_are_equal_text_whatever_order_their_parts_came_in() -> None:
    other = Part(PeeringId(ID.vnet, "two-one"), Origin.ADOPTED)
    one = RECORD.with_part(Slot(Side.VNET2), other)
    two = (
        OwnershipRecord("here", "team/pair")
        .with_part(Slot(Side.VNET2), other)
        .with_part(Slot(Side.VNET1), Part(ID, Origin.CREATED))
    )
    assert one.dump() == two.dump()
