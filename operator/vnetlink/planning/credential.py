"""What is said of an AzureCredential: whether there are tokens, or who holds its deletion."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from vnetlink.domain.credential import AzureCredential
from vnetlink.domain.events import Event, EventType
from vnetlink.domain.identity import Identity, NotGranted
from vnetlink.domain.kinds import KINDS
from vnetlink.domain.outcome import Unreadable
from vnetlink.domain.reasons import Reason
from vnetlink.domain.specs import ObjectKey, ObjectMeta
from vnetlink.planning.conditions import ready_of
from vnetlink.planning.json_value import Json
from vnetlink.planning.plan import OUTAGE_RETRY, SLOWEST_INTERVAL, Truth, Verdict, Wake

ASK_AGAIN = timedelta(minutes=1)  # after a refusal: nobody tells us when a Secret or a federated credential is mended
NAMED = 10  # of those that hold a deletion


def token_verdict(identity: Identity, trouble: Unreadable | NotGranted | None) -> tuple[Verdict, Wake]:
    """What the last token request says, and when to ask again."""
    match trouble:
        case None:
            message = f"Entra ID gives tokens to {identity.described}."
            return Verdict(Truth.TRUE, Reason.SUCCEEDED, message), Wake(SLOWEST_INTERVAL)
        case NotGranted(reason, message):
            return Verdict(Truth.FALSE, reason, message, stalled=True), Wake(SLOWEST_INTERVAL)
        case Unreadable(reason, message, transient=True):
            verdict = Verdict(Truth.UNKNOWN, reason, _sentence(message), progressing=True)
            return verdict, Wake(timedelta(seconds=2), backoff=True, at_most=OUTAGE_RETRY)
        case Unreadable(reason, message):
            return Verdict(Truth.FALSE, reason, _sentence(message), stalled=True), Wake(ASK_AGAIN)


def held(credential: ObjectMeta, users: Sequence[ObjectKey]) -> Verdict:
    """Deletion waits for those that need the credential to take from Azure what is theirs."""
    more = f" and {len(users) - NAMED} more" if len(users) > NAMED else ""
    names = ", ".join(f"{KINDS.get(key.kind, key.kind)} {key}" for key in users[:NAMED])
    message = f"Deletion is held: {names}{more} still use it. Delete them, or give them another credentialRef."
    return Verdict(Truth.FALSE, Reason.DELETION_HELD, message, stalled=True)


def events(credential: ObjectMeta, verdict: Verdict, previous: Mapping[str, Json]) -> Iterator[Event]:
    """One for each transition that somebody should know of."""
    told = ready_of(previous) == (verdict.ready.value, verdict.reason.value)
    if told or not verdict.stalled:
        return
    action = "Deleting" if verdict.reason is Reason.DELETION_HELD else "Authenticating"
    yield Event(credential.key, credential.uid, EventType.WARNING, verdict.reason.value, action, verdict.message)


def identity_of(credential: AzureCredential, operator: Identity) -> Identity:
    """Who it makes us."""
    return Identity.of(credential, operator)


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."
