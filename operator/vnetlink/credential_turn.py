"""One turn of an AzureCredential: is there a token, who needs it, and may it go? Writes nothing to Azure."""

from __future__ import annotations

import logging

from vnetlink import metrics, telemetry
from vnetlink.domain.outcome import Absent, Later, Present, Refused, Unreadable
from vnetlink.domain.reasons import Reason
from vnetlink.domain.specs import ObjectKey, SpecError
from vnetlink.kube.answers import Write, Written
from vnetlink.kube.api import Body
from vnetlink.kube.credential_block import azure_credential
from vnetlink.kube.decode import decode
from vnetlink.planning import conditions, credential
from vnetlink.planning.grants import pod_identity
from vnetlink.planning.plan import OUTAGE_RETRY, SLOWEST_INTERVAL, SOON, Truth, Verdict, Wake
from vnetlink.ports import Ports
from vnetlink.turn import told

log = logging.getLogger(__name__)


class CredentialTurn:
    """One turn of one credential."""

    def __init__(self, ports: Ports, body: Body) -> None:
        self._ports, self._body = ports, body
        self._credential = azure_credential(body)
        self._meta = self._credential.meta

    async def run(self) -> Wake:
        """Keep or release the finalizer, ask for a token, tell."""
        meta, ports = self._meta, self._ports
        telemetry.turn_generation(meta.generation)
        ports.credentials.update(self._body)
        users = ports.credentials.users(meta.key)
        if not meta.deleting:
            return await self._serve(users)
        if not meta.finalizer:
            return Wake(SLOWEST_INTERVAL)  # somebody else's finalizer; the watch tells when it is gone
        if users and (users := await self._still_there(users)):
            return await self._tell(credential.held(meta, users), Wake(SLOWEST_INTERVAL))
        return self._patched(await ports.objects.release(self._body)) or Wake(SLOWEST_INTERVAL)

    async def _serve(self, users: tuple[ObjectKey, ...]) -> Wake:
        objects, meta = self._ports.objects, self._meta
        wake: Wake | None = None
        if users and not meta.finalizer:
            wake = self._patched(await objects.keep(self._body))
        elif meta.finalizer and not users:
            wake = self._patched(await objects.release(self._body))
        if wake is not None:
            return wake
        return await self._tell(*await self._asked())

    async def _asked(self) -> tuple[Verdict, Wake]:
        """What a token request says. A type that its namespace may not use, or a spec that cannot be read, asks nobody."""
        if isinstance(self._credential, SpecError):
            verdict = Verdict(Truth.FALSE, Reason.INVALID_SPEC, self._credential.message, stalled=True)
            return verdict, Wake(SLOWEST_INTERVAL)
        law = self._ports.settings.law
        identity = credential.identity_of(self._credential, law.operator)
        trouble = pod_identity(self._credential, law) or await self._ports.azure.token(identity)
        return credential.token_verdict(identity, trouble)

    async def _still_there(self, users: tuple[ObjectKey, ...]) -> tuple[ObjectKey, ...]:
        """What is known of users may lag, so each is read before it holds a deletion."""
        for user in users:
            match await self._ports.objects.get(user):
                case Present(body):
                    self._ports.credentials.note_user(decode(body, self._ports.settings.installation))
                case Absent():
                    self._ports.credentials.forget_user(user)
                case Unreadable():
                    continue
        return self._ports.credentials.users(self._meta.key)

    async def _tell(self, verdict: Verdict, wake: Wake) -> Wake:
        previous = self._body.get("status") or {}
        status = conditions.of_credential(self._meta, verdict, previous, self._ports.now())
        next_wake = await told(self._ports, self._body, status, wake)
        if next_wake is wake and not self._ports.settings.dry_run:
            for event in credential.events(self._meta, verdict, previous):
                self._ports.recorder.record(event)
                metrics.told(event)
        return next_wake

    def _patched(self, write: Write) -> Wake | None:
        match write:
            case Written(body):
                self._body = body
                return None
            case Later(message=message) | Refused(message=message):
                log.warning("cannot write the object's metadata: %s", message)
                return Wake(SOON, backoff=True, at_most=OUTAGE_RETRY)
            case _:
                return Wake(SOON)
