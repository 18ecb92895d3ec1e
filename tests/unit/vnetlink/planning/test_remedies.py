"""Remedies name the resource, the action and the principal that ARM named."""

from __future__ import annotations

import pytest

from properties.azure_model import IDS
from vnetlink.domain.reasons import Reason
from vnetlink.planning.remedies import remedy

VNET = str(IDS.vnet1)
# arm.md 1.6
FORBIDDEN = (
    "The client 'app' with object id 'b0b0' does not have authorization to perform action "
    f"'Microsoft.Network/virtualNetworks/read' over scope '{VNET}' or the scope is invalid."
)


def test_a_missing_right_is_a_role_assignment_ready_to_paste() -> None:
    told = remedy(Reason.AUTHORIZATION_FAILED, FORBIDDEN, VNET)
    assert "Microsoft.Network/virtualNetworks/read" in told
    assert "az role assignment create --assignee-object-id b0b0 --assignee-principal-type ServicePrincipal" in told
    assert told.endswith(f"--scope '{VNET}'")


def test_a_sentence_that_names_no_action_gets_the_general_remedy() -> None:
    assert remedy(Reason.AUTHORIZATION_FAILED, "no", VNET) == Reason.AUTHORIZATION_FAILED.facts.remedy


def test_a_lock_is_looked_for_in_the_group_of_the_resource() -> None:
    told = remedy(Reason.SCOPE_LOCKED, "locked", VNET)
    assert told.endswith(
        "az lock list --subscription 00000000-0000-0000-0000-000000000000 --resource-group 'rg' --output table"
    )


@pytest.mark.parametrize("reason", list(Reason))
def test_no_remedy_leaves_a_placeholder_in_angle_brackets(reason: Reason) -> None:
    assert "<" not in remedy(reason, FORBIDDEN, VNET)
