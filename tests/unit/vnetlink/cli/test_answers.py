"""What the commands print of a finding whose check has no advice of its own: the reason's."""

from __future__ import annotations

import pytest

from properties.azure_model import Azure
from properties.test_peering_pair import seen
from vnetlink.cli.estate import Estate, EstatePair
from vnetlink.cli.explain import Answer, Explanation, observing
from vnetlink.cli.planned import Planned, Sheet
from vnetlink.domain.reasons import Reason
from vnetlink.domain.sides import PerSide
from vnetlink.planning.plan import Finding
from vnetlink.planning.world import halves

BARE = Finding(Reason.PEERING_DISCONNECTED, "It is cut.", "id")
STATES, AZURE = PerSide("Missing", "Missing"), Azure.new()
FOUND = EstatePair(halves(observing(AZURE.vnets.map(lambda vnet: vnet.id)), seen(AZURE)), STATES, (BARE,))
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
