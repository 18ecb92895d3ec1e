"""One turn, whatever the kind: what is done in which order, how old reads may be, and when the next one comes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ports_in_memory import Outside
from properties.azure_model import IDS
from vnetlink.domain.arm_id import PeeringId
from vnetlink.domain.credential import credential_key
from vnetlink.domain.events import Event, EventType
from vnetlink.domain.identity import Identity
from vnetlink.domain.outcome import Accepted, Later, Present, Refused
from vnetlink.domain.ownership import Origin, Part, Slot
from vnetlink.domain.peering import PeeringOptions
from vnetlink.domain.reasons import Reason
from vnetlink.domain.shared_key import SharedKey
from vnetlink.domain.sides import PerSide, Side
from vnetlink.domain.specs import PeeringPair
from vnetlink.kinds.kind import Kind, released_without_azure
from vnetlink.kube.answers import Gone, Write
from vnetlink.kube.decode import decode, key_of
from vnetlink.kube.objects import collection_path, object_path
from vnetlink.memory import Memories, Memory
from vnetlink.metrics import REGISTRY
from vnetlink.planning.actions import Action, DeletePeering, ForgetPreviousKey, KeepPreviousKey, PutPeering, Record
from vnetlink.planning.ages import ASKED, FRESH, Ages
from vnetlink.planning.blocked import denied
from vnetlink.planning.conditions import Shown
from vnetlink.planning.credential import ASK_AGAIN
from vnetlink.planning.plan import OUTAGE_RETRY, Finding, Plan, Truth, Verdict, Wake
from vnetlink.ports import Ports
from vnetlink.turn import Turn

OURS = PeeringId(IDS.vnet1, "one-two")
KEEP, FORGET = KeepPreviousKey(SharedKey("never-shown"), "2"), ForgetPreviousKey("3")
PUT = PutPeering(Side.VNET1, OURS, IDS.vnet2, PeeringOptions(), True, False, Identity("operator", "tenant"))
BODY: dict[str, Any] = {
    "kind": "PeeringPair",
    "metadata": {
        "namespace": "team",
        "name": "pair",
        "uid": "u",
        "generation": 1,
        "resourceVersion": "1",
        "finalizers": ["vnetlink.dev/azure"],
        "creationTimestamp": "2026-01-01T00:00:00Z",
    },
    "spec": {"vnet1": {"id": str(IDS.vnet1)}, "vnet2": {"id": str(IDS.vnet2)}},
}


class Trial:
    """A kind that plans what it is told, in a world of its own."""

    def __init__(self, *actions: Action, exclusive: bool = False) -> None:
        self.outside, self.ages, self.actions, self.exclusive = Outside(), list[Ages](), actions, exclusive
        self.told: Callable[..., tuple[Event, ...]] = lambda *_: ()
        self.written: Callable[[PeeringPair], tuple[Event, ...]] = lambda _: ()
        self.asked, self.shown = list[Ages](), list[str]()
        self.outside.server.put("peeringpairs", BODY)
        pair = decode(BODY, "here")
        assert isinstance(pair, PeeringPair)
        self.pair = pair

    @property
    def record(self) -> Record:
        return Record(self.pair.record.with_part(Slot(Side.VNET1), Part(OURS, Origin.CREATED)))

    @property
    def kind(self) -> Kind[PeeringPair, str]:
        async def read(ports: Ports, pair: PeeringPair, granted: PerSide[Identity], memory: Memory, ages: Ages) -> str:
            self.ages.append(ages)
            return "world"

        async def diagnose(
            ports: Ports, pair: PeeringPair, world: str, memory: Memory, ages: Ages
        ) -> tuple[str, tuple[Finding, ...]]:
            self.asked.append(ages)
            return "judged", (Finding(Reason.NETWORK_SECURITY_BLOCKS, "A rule.", "id"),)

        def shown(pair: PeeringPair, world: str) -> Shown:
            self.shown.append(world)
            return Shown({}, PerSide("Missing", "Missing"))

        def planned(pair: PeeringPair, world: str) -> Plan:
            told = (Finding(Reason.NOT_TRANSITIVE, f"As {world}.", "id"),)
            verdict = Verdict(Truth.FALSE, Reason.CREATING, f"As {world}.")
            return Plan(verdict, Wake(timedelta(seconds=9)), self.actions, told)

        return Kind(
            restless=timedelta(seconds=30),
            exclusive=self.exclusive,
            read=read,
            before_azure=released_without_azure(lambda pair: True),
            plan=planned,
            plan_deletion=planned,
            planned_deletion=lambda pair, world: (),
            allow=lambda plan, pair, world: plan,
            shown=shown,
            describe=lambda action, drifted: "put",
            after_write=lambda pair, action, outcome, drifted: self.written(pair),
            after_record=lambda pair, record: self.told(pair),
            after_release=lambda pair: (),
            after_status=lambda pair, verdict, previous, status: (),
            diagnose=diagnose,
        )

    async def run(self) -> Wake:
        memory = Memories().of(self.pair.meta, self.outside.seconds)
        return await Turn(self.kind, self.outside.ports, BODY, self.pair, memory).run()


async def test_secrets_and_records_come_before_the_write_in_the_order_of_the_plan() -> None:
    trial = Trial()
    trial.actions = (KEEP, trial.record, PUT)
    event = Event(trial.pair.meta.key, "u", EventType.NORMAL, "GatewayCreating", "CreateGateway", "It costs.")
    trial.told = lambda *_: (trial.outside.diary.append(event.reason), (event,))[1]  # type: ignore[func-returns-value]
    await trial.run()
    diary = ["locked", "KeepPreviousKey", "metadata", "GatewayCreating", "PutPeering", "status"]
    assert (trial.outside.diary, trial.outside.events) == (diary, [event])
    trial = Trial()
    trial.actions = (FORGET, trial.record)
    await trial.run()
    assert trial.outside.diary == ["ForgetPreviousKey", "metadata", "status"]


NO = Refused(Reason.AUTHORIZATION_FAILED, "Forbidden", "exceeded quota: secrets")


@pytest.mark.parametrize(
    ("answer", "at_most", "told"),
    [
        (Later(Reason.THROTTLED, "not now"), OUTAGE_RETRY, [("Ready", "Creating")]),
        (NO, ASK_AGAIN, [("Ready", "AuthorizationFailed"), ("Stalled", "AuthorizationFailed")]),
    ],
)
async def test_a_secret_that_cannot_be_written_ends_the_turn_and_a_refusal_is_told(
    answer: Write, at_most: timedelta, told: list[tuple[str, str]]
) -> None:
    trial = Trial()
    trial.actions = (KEEP, trial.record, PUT)
    trial.outside.vault.answers.append(answer)
    assert await trial.run() == Wake(timedelta(0), backoff=True, at_most=at_most)
    assert trial.outside.diary == ["locked", "KeepPreviousKey", "status"]
    (body,) = trial.outside.server.bodies.values()
    rows = body["status"]["conditions"]
    assert [(row["type"], row["reason"]) for row in rows if row["type"] != "Connected"] == told
    assert ("exceeded quota: secrets" in rows[0]["message"]) is (answer is NO)


def test_what_stands_stays_ready_though_kubernetes_refuses_a_write() -> None:
    pair = Trial().pair
    plan = Plan(Verdict(Truth.TRUE, Reason.CONNECTED, "Connected."), Wake(timedelta(0)), (FORGET,))
    told = denied(pair, plan, "forget the key", NO)
    assert (told.verdict, [finding.reason for finding in told.findings]) == (
        plan.verdict,
        [Reason.AUTHORIZATION_FAILED],
    )


async def test_a_secret_that_is_gone_meanwhile_is_planned_for_anew_and_nothing_is_told() -> None:
    trial = Trial(FORGET)
    trial.outside.vault.answers.append(Gone())
    assert await trial.run() == Wake(timedelta(0))
    assert trial.outside.diary == ["ForgetPreviousKey"]


async def test_what_the_object_carries_stays_its_own_after_a_secret_was_written() -> None:
    trial = Trial()
    trial.actions = (KEEP, trial.record)
    await trial.run()
    (body,) = trial.outside.server.bodies.values()
    assert body["metadata"]["name"] == "pair"
    assert "vnetlink.dev/owned" in body["metadata"]["annotations"]


@pytest.mark.parametrize(("exclusive", "wait"), [(True, 10), (False, 0)])
async def test_after_a_write_an_exclusive_kind_waits_and_another_goes_on_at_once(exclusive: bool, wait: int) -> None:
    trial = Trial(PUT, exclusive=exclusive)
    trial.outside.cloud.answers.append(Accepted(created=True, settles_in=timedelta(seconds=10)))
    assert await trial.run() == Wake(timedelta(seconds=wait))
    assert trial.outside.diary[-1] == "status"


async def test_under_the_locks_what_the_write_concerns_is_read_afresh() -> None:
    trial = Trial(PUT)
    await trial.run()
    first, second = trial.ages
    assert (first.calm, first.exact) == (timedelta(seconds=30), frozenset())
    assert {second.of(id) for id in (OURS, IDS.vnet1, IDS.vnet2)} == {FRESH}
    assert second.of(PeeringId(IDS.vnet1, "another")) == timedelta(seconds=30)


async def test_an_edit_while_the_locks_were_waited_for_stops_the_write() -> None:
    trial = Trial(PUT)
    trial.outside.server.put("peeringpairs", {**BODY, "metadata": {**BODY["metadata"], "generation": 2}})
    assert await trial.run() == Wake(timedelta(0))
    assert trial.outside.diary == ["locked"]


async def test_a_rotation_that_ended_is_counted_with_its_outage() -> None:
    trial = Trial()
    trial.actions = (trial.record,)
    event = Event(trial.pair.meta.key, "u", EventType.NORMAL, "SharedKeyRotated", "SetSharedKey", "Done.", seconds=42.0)
    trial.told = lambda *_: (event, replace(event, reason="Connected"))
    rotated, outage = {"result": "rotated"}, {"namespace": "team"}
    before = REGISTRY.get_sample_value("vnetlink_shared_key_rotations_total", rotated) or 0.0
    await trial.run()
    assert REGISTRY.get_sample_value("vnetlink_shared_key_rotations_total", rotated) == before + 1
    assert REGISTRY.get_sample_value("vnetlink_shared_key_rotation_outage_seconds_sum", outage) == 42.0
    assert [told.reason for told in trial.outside.events] == ["SharedKeyRotated", "Connected"]


async def test_events_of_a_write_are_worked_out_from_the_record_that_it_was_planned_on() -> None:
    """A key that was set is noted by its version: afterwards nobody could tell a rotation from a repair."""
    trial, seen = Trial(), list[bool]()
    trial.actions = (trial.record, PUT)
    trial.outside.cloud.answers.append(Refused(Reason.SCOPE_LOCKED, "ScopeLocked", "locked"))

    def written(pair: PeeringPair) -> tuple[Event, ...]:
        seen.append(Slot(Side.VNET1) in pair.record.parts)
        return ()

    trial.written = written
    await trial.run()
    assert seen == [True], "the refusal takes the record back only afterwards"


async def test_what_stands_in_the_way_of_traffic_is_asked_at_rest_and_never_before_a_write() -> None:
    writing, resting = Trial(PUT), Trial()
    for trial in (writing, resting):
        await trial.run()
    (body,) = resting.outside.server.bodies.values()
    assert [finding["message"] for finding in body["status"]["findings"]] == ["As judged.", "A rule."]
    assert body["status"]["conditions"][0]["message"] == "As judged."
    assert (writing.asked, resting.asked) == ([], resting.ages)
    assert (writing.shown, resting.shown) == (["world"], ["judged"])


async def test_a_look_that_a_person_asks_for_is_one_at_traffic_too_as_soon_as_nothing_is_written() -> None:
    trial = Trial(PUT)
    first = Memories()
    first.of(trial.pair.meta, trial.outside.seconds)
    memory = first.of(replace(trial.pair.meta, reconcile_requested_at="monday"), trial.outside.seconds)

    async def turn(*actions: Action) -> list[Ages]:
        trial.actions, trial.asked = actions, []
        memory.note_read((Present(1),), trial.outside.seconds)  # as every kind does: the look has been had
        await Turn(trial.kind, trial.outside.ports, BODY, trial.pair, memory).run()
        return trial.asked

    assert await turn(PUT) == []
    assert await turn(FORGET) == [ASKED]
    assert ASKED not in await turn()


async def test_what_a_turn_says_beside_its_kinds_own_words_stays_when_traffic_is_told() -> None:
    trial = Trial()
    stopped = Finding(Reason.CONTESTED, "Stopped.", "id")
    kind = replace(
        trial.kind,
        allow=lambda plan, pair, world: replace(
            plan, verdict=Verdict(Truth.FALSE, Reason.CONTESTED, "Stopped."), findings=(stopped, *plan.findings)
        ),
    )
    memory = Memories().of(trial.pair.meta, trial.outside.seconds)
    await Turn(kind, trial.outside.ports, BODY, trial.pair, memory).run()
    (body,) = trial.outside.server.bodies.values()
    assert body["status"]["conditions"][0]["message"] == "Stopped."
    assert [finding["message"] for finding in body["status"]["findings"]] == ["Stopped.", "As judged.", "A rule."]


LONG_AGO = {"namespace": "theirs", "name": "older", "creationTimestamp": "2025-01-01T00:00:00Z"}
OLDER = {**BODY, "metadata": {**BODY["metadata"], **LONG_AGO}}
THEIR_GRANT = object_path(credential_key("theirs", "default"))
DYING = {**BODY, "metadata": {**BODY["metadata"], "deletionTimestamp": "2026-01-02T00:00:00Z"}}


@pytest.mark.parametrize("body", [BODY, DYING], ids=["standing", "deleted"])
@pytest.mark.parametrize(
    ("older", "unread", "done"),
    [
        (None, "", ["locked", "PutPeering", "status"]),
        (OLDER, "", None),
        (OLDER, object_path(key_of(OLDER)), ["status"]),
        (OLDER, THEIR_GRANT, ["status"]),
    ],
    ids=["gone", "there", "unread", "its grant unread"],
)
async def test_a_pair_that_an_older_object_may_hold_is_neither_written_nor_let_go_until_that_one_is_read(
    body: dict[str, Any], older: dict[str, Any] | None, unread: str, done: list[str] | None
) -> None:
    trial, pair = Trial(PUT), decode(body, "here")
    assert isinstance(pair, PeeringPair)
    server, ports = trial.outside.server, trial.outside.ports
    server.unreadable.add(unread)
    for one in (body, older):
        if one is not None:
            server.put("peeringpairs", one)
    for seen in (pair, decode(OLDER, "here")):
        trial.outside.claims.update(seen)

    await Turn(trial.kind, ports, body, pair, Memories().of(pair.meta, trial.outside.seconds)).run()
    assert trial.outside.diary == (done or ["metadata" if pair.meta.deleting else "status"])


@pytest.mark.parametrize(
    ("notes", "listed", "reason", "done"),
    [
        ({}, False, Reason.THROTTLED, ["status"]),
        ({}, True, Reason.DELETION_HELD, ["metadata", "status"]),
        ({"deletion-held": "7"}, False, Reason.DELETION_HELD, ["status"]),
        ({"deletion-held": "?"}, False, Reason.DELETION_HELD, ["status"]),
        ({"deletion-held": "7", "confirm-deletion": "yes"}, False, Reason.DELETION_HELD, ["status"]),
        (
            {"deletion-held": "7", "confirm-deletion": "true"},
            False,
            Reason.CREATING,
            ["locked", "DeletePeering", "status"],
        ),
    ],
)
async def test_of_many_deletions_none_is_sent_unconfirmed(
    notes: dict[str, str], listed: bool, reason: Reason, done: list[str]
) -> None:
    marked = {
        "deletionTimestamp": "2026-01-02T00:00:00Z",
        "annotations": {f"vnetlink.dev/{n}": t for n, t in notes.items()},
    }
    body = {**BODY, "metadata": {**BODY["metadata"], **marked}}
    trial = Trial(DeletePeering(Side.VNET1, OURS, IDS.vnet2, Identity("operator", "tenant")))
    server, ports = trial.outside.server, trial.outside.ports
    server.put("peeringpairs", body)
    others = [{**body, "metadata": {**body["metadata"], "name": name}} for name in ("pair", "other")]
    server.bodies[collection_path("peeringpairs")] = {"items": others}
    server.unreadable |= set() if listed else {collection_path("peeringpairs")}
    pair = decode(body, "here")
    assert isinstance(pair, PeeringPair)

    ports = replace(ports, settings=replace(ports.settings, deletion_threshold=1))
    await Turn(trial.kind, ports, body, pair, Memories().of(pair.meta, trial.outside.seconds)).run()
    assert trial.outside.diary == done
    (now,) = (seen for path, seen in server.bodies.items() if path.endswith("/pair"))
    assert now["status"]["conditions"][0]["reason"] == reason.value
    assert now["metadata"]["annotations"].get("vnetlink.dev/deletion-held") == (
        "2" if listed else notes.get("deletion-held")
    )


async def test_only_what_the_record_named_before_the_turn_was_somebody_elses_to_delete() -> None:
    trial = Trial()
    trial.actions = (trial.record, PUT)
    memory = Memories().of(trial.pair.meta, trial.outside.seconds)
    memory.has_stood = True
    await Turn(trial.kind, trial.outside.ports, BODY, trial.pair, memory).run()
    assert memory.reversals == {}
    (body,) = trial.outside.server.bodies.values()
    recorded = decode(body, "here")
    assert isinstance(recorded, PeeringPair)
    await Turn(trial.kind, trial.outside.ports, body, recorded, memory).run()
    assert list(memory.reversals) == [OURS]
