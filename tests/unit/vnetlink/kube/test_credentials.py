"""AzureCredentials as decoded, as remembered, and who is woken when one changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import pytest

from ports_in_memory import OPERATOR
from vnetlink.domain.credential import AzureCredential, credential_key
from vnetlink.domain.outcome import Absent, Present, Unreadable
from vnetlink.domain.specs import ObjectKey, Owner, SpecError
from vnetlink.kube.api import Answer, ApiServer
from vnetlink.kube.credential_block import azure_credential
from vnetlink.kube.credentials import BELIEVED_FOR, Credentials
from vnetlink.kube.decode import decode
from vnetlink.planning.grants import Law

GUID = "aaaaaaaa-0000-0000-0000-000000000001"
NETS = (
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks"
)
OURS = credential_key("team", "default")


def body(name: str = "default", namespace: str = "team", version: int = 1, **spec: Any) -> dict[str, Any]:
    named = {"type": "WorkloadIdentity", "tenantId": GUID, "clientId": GUID, "serviceAccountRef": {"name": "network"}}
    meta = {"name": name, "namespace": namespace, "uid": f"u-{name}", "generation": version}
    return {
        "kind": "AzureCredential",
        "metadata": {**meta, "resourceVersion": str(version)},
        "spec": {**named, **spec},
    }


def pair(name: str = "pair", ref: Mapping[str, str] | None = None) -> Owner:
    end = {} if ref is None else {"credentialRef": dict(ref)}
    spec = {"vnet1": {"id": f"{NETS}/app", **end}, "vnet2": {"id": f"{NETS}/data", **end}}
    found = decode({"kind": "PeeringPair", "metadata": {"name": name, "namespace": "team"}, "spec": spec}, "here")
    assert not isinstance(found, SpecError)
    return found


# -- decoding


def wrong(**spec: Any) -> str:
    found = azure_credential(body(**spec))
    return found.message if isinstance(found, SpecError) else ""


@pytest.mark.parametrize(
    ("spec", "complaint"),
    [
        ({"type": "Password"}, "spec.type: 'Password' is not one of"),
        ({"type": None}, "spec.type: is missing"),
        ({"tenantId": "common"}, "spec.tenantId: 'common' is not a guid"),
        ({"tenantId": "../../x"}, "spec.tenantId"),
        ({"clientId": None}, "spec.clientId: is missing"),
        ({"serviceAccountRef": None}, "spec.serviceAccountRef: is missing"),
        ({"serviceAccountRef": {"name": ".."}}, "spec.serviceAccountRef.name"),
        ({"serviceAccountRef": {"name": "a/b"}}, "spec.serviceAccountRef.name"),
        ({"type": "ServicePrincipalSecret", "secretRef": {"name": ""}}, "spec.secretRef.name"),
        ({"allowedNamespaces": ["team-b"]}, "spec.allowedNamespaces: must be an object"),
        ({"allowedNamespaces": {"names": "team-b"}}, "spec.allowedNamespaces.names"),
        ({"allowedNamespaces": {"selector": {"matchExpressions": [{"key": "x", "operator": "In"}]}}}, "values"),
        ({"allowedNamespaces": {"selector": {"matchExpressions": [{"operator": "Exists"}]}}}, "key: is missing"),
        ({"allowedScopes": ["/subscriptions"]}, "spec.allowedScopes"),
        ({"allowedScopes": [f"{NETS}/app/subnets/x"]}, "spec.allowedScopes"),
    ],
)
def test_what_admission_should_have_refused_is_named(spec: dict[str, Any], complaint: str) -> None:
    assert complaint in wrong(**spec)


def test_the_pods_own_types_need_neither_tenant_nor_client() -> None:
    for type in ("ManagedIdentity", "Default"):
        found = azure_credential(body(type=type, tenantId=None, clientId=None, serviceAccountRef=None))
        assert isinstance(found, AzureCredential)
        assert (found.tenant, found.client, found.service_account) == ("", "", "")


def test_an_empty_selector_selects_nobody() -> None:
    for selector in (None, {}, {"matchLabels": {}}, {"matchExpressions": []}):
        found = azure_credential(body(allowedNamespaces={"selector": selector}))
        assert isinstance(found, AzureCredential)
        assert not found.allowed_namespaces.allow("other", {"any": "label"})


# -- remembering


class Server:
    """Answers by path; counts what was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.asked: list[str] = []

    async def get(self, path: str) -> Answer:
        self.asked.append(path)
        return self.answers.get(path, Answer(404))


class World:
    def __init__(self) -> None:
        self.server, self.seconds, self.woken = Server(), 0.0, list[str]()
        law = Law(OPERATOR, frozenset())
        server = cast(ApiServer, self.server)
        self.credentials = Credentials(server, law, self.wake, lambda: self.seconds)

    def wake(self, keys: frozenset[ObjectKey]) -> None:
        self.woken += sorted(f"{key.kind} {key.name}" for key in keys)


@pytest.fixture
def world() -> World:
    return World()


async def test_what_the_watch_told_needs_no_request_until_it_is_old(world: World) -> None:
    world.credentials.update(body())
    assert isinstance((await world.credentials.known(pair())).of(OURS), Present)
    assert world.server.asked == []
    world.seconds += BELIEVED_FOR.total_seconds()
    assert isinstance((await world.credentials.known(pair())).of(OURS), Absent)
    assert len(world.server.asked) == 1


async def test_that_there_is_none_is_remembered_as_long(world: World) -> None:
    for _ in range(3):
        await world.credentials.known(pair())
    assert len(world.server.asked) == 1
    world.credentials.update(body())
    assert isinstance((await world.credentials.known(pair())).of(OURS), Present)


async def test_an_outage_is_no_absence_and_is_not_remembered(world: World) -> None:
    place = "/apis/vnetlink.dev/v1alpha1/namespaces/team/azurecredentials/default"
    world.server.answers[place] = Answer(503)
    assert isinstance((await world.credentials.known(pair())).of(OURS), Unreadable)
    world.server.answers[place] = Answer(200, body())
    assert isinstance((await world.credentials.known(pair())).of(OURS), Present)


async def test_labels_are_asked_for_only_where_a_selector_decides(world: World) -> None:
    ref = {"name": "it", "namespace": "them"}
    world.credentials.update(body("it", "them"))
    await world.credentials.known(pair(ref=ref))
    assert world.server.asked == []
    selector = {"selector": {"matchLabels": {"tier": "gold"}}}
    world.credentials.update(body("it", "them", version=2, allowedNamespaces=selector))
    world.server.answers["/api/v1/namespaces/team"] = Answer(200, {"metadata": {"labels": {"tier": "gold"}}})
    assert (await world.credentials.known(pair(ref=ref))).labels == Present({"tier": "gold"})
    await world.credentials.known(pair(ref=ref))
    assert world.server.asked == ["/api/v1/namespaces/team"]
    assert world.credentials.remembered(pair(ref=ref)).labels == Present({"tier": "gold"})


# -- waking


def test_users_are_woken_by_a_new_spec_by_the_end_and_not_by_a_status(world: World) -> None:
    world.credentials.note_user(pair())
    world.credentials.update(body())
    assert world.woken == ["peeringpairs pair"]
    status = body(version=1) | {"status": {"conditions": []}}
    status["metadata"] = {**status["metadata"], "resourceVersion": "5"}
    world.credentials.update(status)
    assert world.woken == ["peeringpairs pair"]
    world.credentials.update(body(version=6))
    world.credentials.forget(OURS)
    assert world.woken == ["peeringpairs pair"] * 3


def test_an_older_version_is_no_news(world: World) -> None:
    world.credentials.update(body(version=5))
    world.credentials.note_user(pair())
    world.woken.clear()
    world.credentials.update(body(version=3, clientId=GUID.replace("a", "b")))
    assert world.woken == []


def test_the_end_of_one_that_was_made_again_is_no_news(world: World) -> None:
    world.credentials.update(body())
    world.credentials.note_user(pair())
    world.credentials.forget(OURS, "u-of-the-one-before")
    assert world.credentials.users(OURS) == (pair().meta.key,)


def test_a_credential_is_woken_when_a_user_comes_changes_and_goes(world: World) -> None:
    world.credentials.update(body())
    world.credentials.update(body("other"))
    world.credentials.note_user(pair())
    world.credentials.note_user(pair())
    assert world.woken == ["azurecredentials default"]
    world.credentials.note_user(pair(ref={"name": "other"}))
    assert world.woken[1:] == ["azurecredentials default", "azurecredentials other"]
    world.credentials.forget_user(pair().meta.key)
    assert world.woken[3:] == ["azurecredentials other"]
    assert world.credentials.users(credential_key("team", "other")) == ()


def test_users_are_those_that_are_granted_it(world: World) -> None:
    world.credentials.update(body("it", "them"))
    world.credentials.note_user(pair(ref={"name": "it", "namespace": "them"}))
    key = credential_key("them", "it")
    assert world.credentials.users(key) == ()
    assert world.credentials.dependent(key) == {pair().meta.key}
    world.credentials.update(body("it", "them", version=2, allowedNamespaces={"names": ["team"]}))
    assert world.credentials.users(key) == (pair().meta.key,)


GOLD = {"selector": {"matchLabels": {"tier": "gold"}}}


@pytest.mark.parametrize(
    ("unread", "granted"),
    [("/api/v1/namespaces/team", {"tier": "gold"}), ("/api/v1/namespaces/team", {}), ("credential", {"tier": "gold"})],
)
async def test_while_it_cannot_be_read_whether_an_object_is_granted_it_counts_as_a_user_and_may_hold_its_pair(
    world: World, unread: str, granted: dict[str, str]
) -> None:
    theirs = body("it", "them", allowedNamespaces=GOLD)
    credential = "/apis/vnetlink.dev/v1alpha1/namespaces/them/azurecredentials/it"
    answers = {
        credential: Answer(200, theirs),
        "/api/v1/namespaces/team": Answer(200, {"metadata": {"labels": granted}}),
    }
    user, key = pair(ref={"name": "it", "namespace": "them"}), credential_key("them", "it")
    world.credentials.note_user(user)
    world.server.answers = {**answers, credential if unread == "credential" else unread: Answer(503)}
    await world.credentials.known(user)
    assert world.credentials.users(key) == (user.meta.key,)
    assert world.credentials.authorises(user)

    world.server.answers = answers
    await world.credentials.known(user)
    assert world.credentials.users(key) == ((user.meta.key,) if granted else ())
    assert world.credentials.authorises(user) is bool(granted)
