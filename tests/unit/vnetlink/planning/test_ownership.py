"""What Azure's answer to a write does to the ownership record."""

from __future__ import annotations

import pytest

from properties.azure_model import IDS
from vnetlink.domain.arm_id import SubnetId
from vnetlink.domain.identity import Identity
from vnetlink.domain.outcome import Accepted, Later, Outcome, Refused
from vnetlink.domain.ownership import Origin, OwnershipRecord, Part, Role, Slot
from vnetlink.domain.reasons import Reason
from vnetlink.domain.sides import Side
from vnetlink.planning.actions import PutSubnet
from vnetlink.planning.ownership import after

ANSWERS = [
    Refused(Reason.POLICY_DENIED, "Code", "no"),
    Accepted(created=False),
    Accepted(created=True),
    Later(Reason.THROTTLED, "busy"),
]


@pytest.mark.parametrize("answer", ANSWERS)
def test_whatever_becomes_of_a_subnet_the_vnet_that_we_made_stays_ours(answer: Outcome) -> None:
    slot = Slot(Side.VNET1, Role.VNET)
    record = OwnershipRecord("here", "team/link").with_part(slot, Part(IDS.vnet1, Origin.CREATED))
    subnet = PutSubnet(slot, SubnetId(IDS.vnet1, "apps"), "10.1.0.0/24", Identity("operator", "tenant"))
    assert after(record, subnet, answer) == record
