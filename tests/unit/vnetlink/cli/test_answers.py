"""What the commands print of a finding whose check has no advice of its own: the reason's."""

from __future__ import annotations

import pytest

from properties.azure_model import IDS
from vnetlink.cli.estate import Estate, EstatePair
from vnetlink.cli.explain import Answer, Explanation
from vnetlink.cli.manifests import Manifest
from vnetlink.cli.planned import Planned, Sheet
from vnetlink.domain.reasons import Reason
from vnetlink.domain.sides import PerSide
from vnetlink.domain.vnet_link import Method
from vnetlink.planning.plan import Finding, PlannedAction

BARE = Finding(Reason.PEERING_DISCONNECTED, "It is cut.", "id")
STATES = PerSide("Missing", "Missing")
FOUND = EstatePair(PerSide(IDS.vnet1, IDS.vnet2), Method.PEERING, STATES, (BARE,), Manifest({}))
SHEET = Sheet((Planned("VNetLink team/app", blockers=(BARE,)),))


@pytest.mark.parametrize(
    "text",
    [
        Explanation(Answer.NOT_CONNECTED, STATES, "Not connected.", (BARE,)).as_text(),
        Estate((FOUND,), ()).as_table(),
        SHEET.as_table(),
        SHEET.as_markdown(),
    ],
    ids=["explain", "scan", "plan", "plan as Markdown"],
)
def test_a_text_says_what_to_do_as_json_does(text: str) -> None:
    assert BARE.message in text
    assert Reason.PEERING_DISCONNECTED.facts.remedy in text


def test_what_costs_money_or_interrupts_is_marked_in_every_table() -> None:
    gateway = PlannedAction("CreateGateway", "gw", "makes it", billable=True)
    cut = PlannedAction("DeletePeering", "app-data", "deletes it", outage=True)
    sheet = Sheet((Planned("VNetLink team/app", (gateway, cut)),))
    assert "| CreateGateway | yes | - | gw | makes it |" in sheet.as_markdown().splitlines()
    assert "| DeletePeering | - | yes | app-data | deletes it |" in sheet.as_markdown().splitlines()
    rows = [line.split() for line in sheet.as_table().splitlines()]
    assert ["CreateGateway", "yes", "-", "gw", "makes", "it"] in rows
