"""The turn of an AzureCredential: what it asks, what it says, whom it waits for, in which order."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ports_in_memory import OPERATOR, Outside
from vnetlink.domain.outcome import Unreadable
from vnetlink.domain.reasons import Reason
from vnetlink.kube.decode import decode, key_of
from vnetlink.loop import Loop
from vnetlink.planning.credential import ASK_AGAIN
from vnetlink.planning.plan import SLOWEST_INTERVAL, Wake

TENANT = "aaaaaaaa-0000-0000-0000-000000000001"
NETS = (
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks"
)


def credential(**meta: Any) -> dict[str, Any]:
    named = {"name": "ours", "namespace": "team", "uid": "u", "generation": 1, "resourceVersion": "1"}
    spec = {"type": "WorkloadIdentity", "tenantId": TENANT, "clientId": TENANT, "serviceAccountRef": {"name": "sa"}}
    return {"kind": "AzureCredential", "metadata": {**named, **meta}, "spec": spec}


def pair(name: str = "pair") -> dict[str, Any]:
    end = {"credentialRef": {"name": "ours"}}
    spec = {f"vnet{number}": {"id": f"{NETS}/v{number}", **end} for number in (1, 2)}
    meta = {"name": name, "namespace": "team", "uid": f"u-{name}", "generation": 1, "resourceVersion": "1"}
    return {"kind": "PeeringPair", "metadata": {**meta, "finalizers": ["vnetlink.dev/azure"]}, "spec": spec}


class World(Outside):
    async def turn(self, body: dict[str, Any]) -> Wake | None:
        """One turn of this credential."""
        self.server.put("azurecredentials", body)
        return await Loop(self.ports).turn(key_of(body))

    def use(self, *pairs: dict[str, Any]) -> None:
        """These are there, and known to be."""
        for body in pairs:
            self.server.put("peeringpairs", body)
            self.credentials.note_user(decode(body, "here"))

    @property
    def body(self) -> dict[str, Any]:
        return self.server.bodies["/apis/vnetlink.dev/v1alpha1/namespaces/team/azurecredentials/ours"]

    @property
    def told(self) -> list[tuple[str, str, str]]:
        return [(row["type"], row["status"], row["reason"]) for row in self.body["status"]["conditions"]]


@pytest.fixture
def world() -> World:
    return World()


DYING = {"deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": ["vnetlink.dev/azure"]}


async def test_a_token_makes_it_ready_and_is_asked_for_again_after_five_minutes(world: World) -> None:
    assert await world.turn(credential()) == Wake(SLOWEST_INTERVAL)
    assert world.told == [("Ready", "True", "Succeeded")]
    assert world.diary == ["token of team/ours@u WorkloadIdentity " + TENANT + " sa ", "status"]


async def test_the_same_answer_again_writes_nothing(world: World) -> None:
    await world.turn(credential())
    world.diary.clear()
    await world.turn(world.body)
    assert "status" not in world.diary


async def test_a_refusal_stalls_it_with_one_event_and_is_tried_within_a_minute(world: World) -> None:
    world.cloud.tokens[TENANT] = Unreadable(Reason.CREDENTIAL_INVALID, "AADSTS7000215: no", transient=False)
    assert await world.turn(credential()) == Wake(ASK_AGAIN)
    await world.turn(world.body)
    assert world.told == [("Ready", "False", "CredentialInvalid"), ("Stalled", "True", "CredentialInvalid")]
    assert [event.reason for event in world.events] == ["CredentialInvalid"]


async def test_a_login_that_is_away_is_unknown_without_an_event(world: World) -> None:
    world.cloud.tokens[TENANT] = Unreadable(Reason.AZURE_UNREACHABLE, "away", transient=True)
    wake = await world.turn(credential())
    assert wake is not None
    assert wake.backoff
    assert world.told == [("Ready", "Unknown", "AzureUnreachable"), ("Reconciling", "True", "AzureUnreachable")]
    assert world.events == []


async def test_a_spec_that_cannot_be_read_asks_nobody(world: World) -> None:
    await world.turn({**credential(), "spec": {"type": "Password"}})
    assert world.told[0] == ("Ready", "False", "InvalidSpec")
    assert world.diary == ["status"]


async def test_the_finalizer_comes_with_the_first_user_and_goes_with_the_last(world: World) -> None:
    await world.turn(credential())
    assert not world.body["metadata"].get("finalizers")
    world.use(pair())
    await world.turn(world.body)
    assert world.body["metadata"]["finalizers"] == ["vnetlink.dev/azure"]
    world.credentials.forget_user(key_of(pair()))
    await world.turn(world.body)
    assert world.body["metadata"]["finalizers"] == []


async def test_a_deletion_is_held_with_names_asks_for_no_token_and_tells_once(world: World) -> None:
    world.credentials.update(credential())
    world.use(*(pair(f"pair-{number:02}") for number in range(12)))
    assert await world.turn(credential(**DYING)) == Wake(SLOWEST_INTERVAL)
    await world.turn(world.body)
    assert world.told == [("Ready", "False", "DeletionHeld"), ("Stalled", "True", "DeletionHeld")]
    message = world.body["status"]["conditions"][0]["message"]
    assert "PeeringPair team/pair-00" in message
    assert "and 2 more" in message
    assert [event.reason for event in world.events] == ["DeletionHeld"]
    assert [line for line in world.diary if line.startswith("token")] == []


async def test_a_user_that_is_gone_without_our_hearing_of_it_holds_nothing(world: World) -> None:
    world.credentials.update(credential())
    world.use(pair())
    world.server.bodies.clear()
    await world.turn(credential(**DYING))
    assert world.body["metadata"]["finalizers"] == []


async def test_a_user_that_cannot_be_read_holds_it(world: World) -> None:
    world.credentials.update(credential())
    world.use(pair())
    world.server.unreadable.add("/apis/vnetlink.dev/v1alpha1/namespaces/team/peeringpairs/pair")
    await world.turn(credential(**DYING))
    assert world.told[0] == ("Ready", "False", "DeletionHeld")


async def test_one_that_only_somebody_elses_finalizer_keeps_is_left_alone(world: World) -> None:
    await world.turn(credential(deletionTimestamp="2026-01-01T00:00:00Z", finalizers=["theirs"]))
    assert world.diary == []


async def test_a_credential_that_cannot_be_read_costs_its_users_no_request_to_azure(world: World) -> None:
    body = pair()
    body["metadata"]["finalizers"] = []
    world.server.put("peeringpairs", body)
    world.server.unreadable.add("/apis/vnetlink.dev/v1alpha1/namespaces/team/azurecredentials/ours")
    wake = await Loop(world.ports).turn(key_of(body))
    assert wake is not None
    assert wake.backoff
    assert wake.after <= timedelta(seconds=20)
    assert world.cloud.asked == []
    assert OPERATOR.name not in " ".join(world.diary)
