"""Shared keys in Secrets of a real API server: what is read, what is never overwritten, and that no key is ever told."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from controlplane.cluster import Cluster
from estate import eventually
from service_accounts import as_service_account
from vnetlink.domain.outcome import Absent, Later, Present, Refused, Unreadable
from vnetlink.domain.reasons import Reason
from vnetlink.domain.secrets import ObservedSecret, PreviousKey
from vnetlink.domain.shared_key import CheckedKey, KeyFault, SharedKey
from vnetlink.domain.specs import ObjectKey, ObjectMeta
from vnetlink.domain.vpn import SecretKeyRef
from vnetlink.kube.answers import CONFLICT, Gone, Written
from vnetlink.kube.api import ApiServer
from vnetlink.kube.secrets import Secrets
from vnetlink.planning.actions import ForgetPreviousKey, KeepPreviousKey, MakeSharedKey, MarkFailedKey, RenewSharedKey

ROOT = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.Network"
NAMESPACE = "kube-secrets"
OLD, NEW = "Old0Sw0rdfishBehindTheD00r", "New1Sw0rdfishBehindTheD00r"
LABEL = "vnetlink.dev/shared-key"


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture(scope="module", autouse=True)
def namespace(cluster: Cluster) -> None:
    cluster.kubectl("create", "namespace", NAMESPACE)


@pytest.fixture(autouse=True)
def no_key_in_any_log(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Of any library, at any level, in any test of this file."""
    caplog.set_level(logging.DEBUG)
    yield
    said = "\n".join(record.getMessage() for record in caplog.get_records("call"))
    assert_tells_no_key(said)


@pytest.fixture
async def server(cluster: Cluster) -> AsyncIterator[ApiServer]:
    api = ApiServer(str(cluster.kubeconfig), None, "vnetlink/test")
    yield api
    await api.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def secrets(server: ApiServer, clock: Clock) -> Secrets:
    return Secrets(server, clock)


class Weak:
    """The operator as a service account with only those verbs on Secrets; `names` limits them to some."""

    def __init__(self, cluster: Cluster, directory: Path) -> None:
        self._cluster, self._directory = cluster, directory
        self._opened: list[ApiServer] = []

    def __call__(self, name: str, verbs: str, *names: str) -> ApiServer:
        role = ["role", name, f"--verb={verbs}", "--resource=secrets", *(f"--resource-name={one}" for one in names)]
        for made in (
            ["serviceaccount", name],
            role,
            ["rolebinding", name, f"--role={name}", f"--serviceaccount={NAMESPACE}:{name}"],
        ):
            self._cluster.kubectl("-n", NAMESPACE, "create", *made)
        directory = self._directory / name
        directory.mkdir()
        config = as_service_account(self._cluster, directory, NAMESPACE, name)
        self._opened.append(ApiServer(str(config), None, "vnetlink/test"))
        return self._opened[-1]

    async def close(self) -> None:
        for server in self._opened:
            await server.close()


@pytest.fixture
async def weak(cluster: Cluster, tmp_path: Path) -> AsyncIterator[Weak]:
    accounts = Weak(cluster, tmp_path)
    yield accounts
    await accounts.close()


def pair(name: str, uid: str = "") -> ObjectMeta:
    key = ObjectKey("vpnconnectionpairs", NAMESPACE, name)
    return ObjectMeta(key, uid or f"uid-of-{name}", 1, "1", datetime(2026, 1, 1, tzinfo=UTC))


def real(cluster: Cluster, name: str) -> ObjectMeta:
    """A pair that exists: the garbage collector takes what belongs to one that does not."""
    spec = {side: {"id": f"{ROOT}/virtualNetworks/{side}"} for side in ("vnet1", "vnet2")}
    manifest = {
        "apiVersion": "vnetlink.dev/v1alpha1",
        "kind": "VpnConnectionPair",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {**spec, "vpn": {"sharedKey": {"secretRef": {"name": "psk"}}}},
    }
    made = json.loads(cluster.kubectl("create", "-o", "json", "-f", "-", input=json.dumps(manifest)).stdout)
    return pair(name, made["metadata"]["uid"])


def make(cluster: Cluster, name: str, labels: dict[str, str] | None = None, **data: str) -> Any:
    """A Secret made by a person."""
    literals = [f"--from-literal={key}={value}" for key, value in data.items()]
    cluster.kubectl("-n", NAMESPACE, "create", "secret", "generic", name, *literals)
    for label, value in ({LABEL: "true"} if labels is None else labels).items():
        cluster.kubectl("-n", NAMESPACE, "label", "secret", name, f"{label}={value}")
    return stored(cluster, name)


def stored(cluster: Cluster, name: str) -> Any:
    return json.loads(cluster.kubectl("-n", NAMESPACE, "get", "secret", name, "-o", "json").stdout)


def value(cluster: Cluster, name: str, key: str = "sharedKey") -> str:
    return base64.b64decode(stored(cluster, name)["data"][key]).decode()


def touch(cluster: Cluster, name: str) -> None:
    cluster.kubectl("-n", NAMESPACE, "annotate", "secret", name, "example.com/note=newer")


async def observed(secrets: Secrets, of: ObjectMeta, ref: SecretKeyRef) -> ObservedSecret:
    found = await secrets.read(of, ref)
    assert isinstance(found, Present), found
    return found.value


async def previous(secrets: Secrets, of: ObjectMeta) -> PreviousKey:
    found = await secrets.read_previous(of)
    assert isinstance(found, Present), found
    return found.value


def keep(version: str = "", key: str = OLD, rotating_to: str = "7") -> KeepPreviousKey:
    return KeepPreviousKey(SharedKey(key), rotating_to, version)


def assert_tells_no_key(text: str) -> None:
    for key in (OLD, NEW):
        assert key not in text
        assert base64.b64encode(key.encode()).decode()[:12] not in text


def test_the_watchdog_of_this_file_knows_a_key_when_it_sees_one() -> None:
    for told in (f"data: {OLD}", base64.b64encode(NEW.encode()).decode()):
        with pytest.raises(AssertionError):
            assert_tells_no_key(told)


# -- the Secret that a person names


async def test_a_labelled_secret_is_read_and_its_key_checked(cluster: Cluster, secrets: Secrets) -> None:
    body = make(cluster, "named", psk=NEW + "\n", sharedKey="short")
    found = await observed(secrets, pair("a"), SecretKeyRef("named", "psk"))
    assert found == ObservedSecret(
        body["metadata"]["resourceVersion"], labelled=True, key=CheckedKey(SharedKey(NEW), trimmed=True)
    )
    other = await observed(secrets, pair("a"), SecretKeyRef("named"))
    assert other.key == CheckedKey(SharedKey("short"), weak=True)


async def test_what_does_not_exist_is_absent(secrets: Secrets) -> None:
    assert await secrets.read(pair("a"), SecretKeyRef("nobody")) == Absent()
    assert await secrets.read_previous(pair("a")) == Absent()


@pytest.mark.parametrize(
    ("name", "labels"),
    [("bare", {}), ("told-no", {LABEL: "false"}), ("other-casing", {LABEL: "True"})],
)
async def test_without_the_label_the_value_is_not_looked_at(
    cluster: Cluster, secrets: Secrets, name: str, labels: dict[str, str]
) -> None:
    make(cluster, name, labels, sharedKey=NEW)
    cluster.kubectl("-n", NAMESPACE, "annotate", "secret", name, f"vnetlink.dev/generated-for={NAMESPACE}/a")
    found = await observed(secrets, pair("a"), SecretKeyRef(name))
    assert found == ObservedSecret(stored(cluster, name)["metadata"]["resourceVersion"], labelled=False, key=None)


async def test_a_secret_without_that_value_and_one_with_an_unusable_value_are_told_apart(
    cluster: Cluster, secrets: Secrets
) -> None:
    make(cluster, "values", spaces="a key with spaces in it", empty="")
    for key, fault in (("missing", None), ("empty", KeyFault.EMPTY), ("spaces", KeyFault.CHARACTERS)):
        assert (await observed(secrets, pair("a"), SecretKeyRef("values", key))).key is fault


async def test_get_on_that_very_name_is_all_the_right_that_reading_needs(cluster: Cluster, weak: Weak) -> None:
    make(cluster, "granted", sharedKey=NEW)
    make(cluster, "not-granted", sharedKey=NEW)
    secrets = Secrets(weak("by-name", "get", "granted"), Clock())
    assert (await observed(secrets, pair("a"), SecretKeyRef("granted"))).key == CheckedKey(SharedKey(NEW))
    refused = await secrets.read(pair("a"), SecretKeyRef("not-granted"))
    assert isinstance(refused, Unreadable)
    assert (refused.reason, refused.transient) == (Reason.SHARED_KEY_MISSING, False)
    assert "'get' on 'secrets'" in refused.message
    assert f"in namespace {NAMESPACE}" in refused.message


@pytest.mark.parametrize("name", ["", ".", ".."])
async def test_a_name_that_leads_to_other_secrets_is_never_asked_for(secrets: Secrets, name: str) -> None:
    with pytest.raises(ValueError, match="are no path"):
        await secrets.read(pair("a"), SecretKeyRef(name))


# -- generated keys


async def test_a_key_is_generated_into_a_labelled_secret_that_names_its_pair(
    cluster: Cluster, secrets: Secrets
) -> None:
    ref = SecretKeyRef("made", "psk")
    outcome = await secrets.perform(pair("a"), MakeSharedKey(ref))
    assert isinstance(outcome, Written)
    found = await observed(secrets, pair("a"), ref)
    assert isinstance(found.key, CheckedKey)
    assert (found.labelled, found.generated, found.key.weak, found.key.trimmed) == (True, True, False, False)
    assert found.version == outcome.resource_version
    assert stored(cluster, "made")["type"] == "Opaque"
    key = value(cluster, "made", "psk")
    assert len(key) >= 32
    assert key.isalnum()
    assert key not in repr(outcome) + str(outcome.body)
    assert not (await observed(secrets, pair("b"), ref)).generated, "another pair does not renew it"


async def test_every_generated_key_is_another_one(cluster: Cluster, secrets: Secrets) -> None:
    for name in ("one", "two"):
        await secrets.perform(pair("a"), MakeSharedKey(SecretKeyRef(name)))
    assert value(cluster, "one") != value(cluster, "two")


async def test_a_secret_that_is_there_is_never_made_again(cluster: Cluster, secrets: Secrets) -> None:
    make(cluster, "theirs", sharedKey=NEW)
    outcome = await secrets.perform(pair("a"), MakeSharedKey(SecretKeyRef("theirs")))
    assert isinstance(outcome, Later)
    assert outcome.reason is CONFLICT
    assert value(cluster, "theirs") == NEW


async def test_a_generated_key_is_renewed_and_everything_else_in_its_secret_stays(
    cluster: Cluster, secrets: Secrets
) -> None:
    ref = SecretKeyRef("renewed")
    await secrets.perform(pair("a"), MakeSharedKey(ref))
    patch = {"metadata": {"labels": {"team": "net"}}, "stringData": {"other": "kept"}}
    cluster.kubectl("-n", NAMESPACE, "patch", "secret", ref.name, "-p", json.dumps(patch))
    before, first = await observed(secrets, pair("a"), ref), value(cluster, ref.name)
    outcome = await secrets.perform(pair("a"), RenewSharedKey(ref, before.version, "monday"))
    assert isinstance(outcome, Written)
    after = await observed(secrets, pair("a"), ref)
    assert (after.version, after.generated, after.renewed_at) == (outcome.resource_version, True, "monday")
    assert value(cluster, ref.name) != first
    assert value(cluster, ref.name, "other") == "kept"
    assert stored(cluster, ref.name)["metadata"]["labels"]["team"] == "net"


async def test_a_secret_that_changed_meanwhile_is_not_renewed(cluster: Cluster, secrets: Secrets) -> None:
    ref = SecretKeyRef("edited")
    await secrets.perform(pair("a"), MakeSharedKey(ref))
    before, first = await observed(secrets, pair("a"), ref), value(cluster, ref.name)
    touch(cluster, ref.name)
    outcome = await secrets.perform(pair("a"), RenewSharedKey(ref, before.version, "monday"))
    assert isinstance(outcome, Later)
    assert outcome.reason is CONFLICT
    assert value(cluster, ref.name) == first


async def test_a_persons_or_another_pairs_secret_is_not_renewed(cluster: Cluster, secrets: Secrets) -> None:
    version = make(cluster, "by-hand", sharedKey=NEW)["metadata"]["resourceVersion"]
    outcome = await secrets.perform(pair("a"), RenewSharedKey(SecretKeyRef("by-hand"), version, "monday"))
    assert isinstance(outcome, Refused)
    assert value(cluster, "by-hand") == NEW

    ref = SecretKeyRef("made-for-b")
    await secrets.perform(pair("b"), MakeSharedKey(ref))
    first, seen = value(cluster, ref.name), await observed(secrets, pair("a"), ref)
    assert isinstance(await secrets.perform(pair("a"), RenewSharedKey(ref, seen.version, "monday")), Refused)
    assert value(cluster, ref.name) == first


async def test_a_secret_that_is_gone_is_not_made_by_renewing(secrets: Secrets) -> None:
    assert await secrets.perform(pair("a"), RenewSharedKey(SecretKeyRef("nobody"), "1", "monday")) == Gone()


# -- the previous key


async def test_the_previous_key_is_kept_for_its_pair_until_it_is_forgotten(cluster: Cluster, secrets: Secrets) -> None:
    rotating = real(cluster, "rotating")
    kept = await secrets.perform(rotating, keep(rotating_to="42"))
    assert isinstance(kept, Written)
    assert_tells_no_key(repr(kept) + str(kept.body))
    found = await previous(secrets, rotating)
    assert found == PreviousKey(kept.resource_version, SharedKey(OLD), "42")
    metadata = stored(cluster, "rotating-previous-key")["metadata"]
    assert metadata["labels"][LABEL] == "true"
    assert metadata["ownerReferences"] == [
        {
            "apiVersion": "vnetlink.dev/v1alpha1",
            "kind": "VpnConnectionPair",
            "name": "rotating",
            "uid": rotating.uid,
            "controller": False,
            "blockOwnerDeletion": False,
        }
    ]
    assert isinstance(await secrets.perform(rotating, ForgetPreviousKey(found.version)), Written)
    assert await secrets.read_previous(rotating) == Absent()
    assert await secrets.perform(rotating, ForgetPreviousKey(found.version)) == Gone()


async def test_one_that_is_kept_already_is_replaced_only_in_the_version_that_was_read(
    cluster: Cluster, secrets: Secrets
) -> None:
    twice = real(cluster, "twice")
    await secrets.perform(twice, keep())
    again = await secrets.perform(twice, keep(key=NEW))
    assert isinstance(again, Later)
    assert again.reason is CONFLICT
    seen = await previous(secrets, twice)
    touch(cluster, "twice-previous-key")
    assert isinstance(await secrets.perform(twice, keep(seen.version, NEW, "8")), Later)
    assert (await previous(secrets, twice)).key == SharedKey(OLD)

    seen = await previous(secrets, twice)
    assert isinstance(await secrets.perform(twice, keep(seen.version, NEW, "8")), Written)
    found = await previous(secrets, twice)
    assert (found.key, found.rotating_to) == (SharedKey(NEW), "8")


async def test_a_key_that_failed_is_noted_and_forgotten_with_the_next_rotation(
    cluster: Cluster, secrets: Secrets
) -> None:
    failing = real(cluster, "failed")
    await secrets.perform(failing, keep())
    seen = await previous(secrets, failing)
    assert isinstance(await secrets.perform(failing, MarkFailedKey("7", seen.version)), Written)
    marked = await previous(secrets, failing)
    assert (marked.failed, marked.rotating_to, marked.key) == ("7", "7", SharedKey(OLD))
    stale = await secrets.perform(failing, MarkFailedKey("9", seen.version))
    assert isinstance(stale, Later)
    assert (await previous(secrets, failing)).failed == "7"
    await secrets.perform(failing, keep(marked.version, rotating_to="9"))
    assert (await previous(secrets, failing)).failed == ""


async def test_a_newer_previous_key_is_not_forgotten(cluster: Cluster, secrets: Secrets) -> None:
    stale = real(cluster, "stale")
    await secrets.perform(stale, keep())
    seen = await previous(secrets, stale)
    touch(cluster, "stale-previous-key")
    outcome = await secrets.perform(stale, ForgetPreviousKey(seen.version))
    assert isinstance(outcome, Later)
    assert outcome.reason is CONFLICT
    assert (await previous(secrets, stale)).key == SharedKey(OLD)


async def test_one_that_was_not_made_for_this_very_pair_is_left_alone(cluster: Cluster, secrets: Secrets) -> None:
    mine = real(cluster, "mine")
    bare = real(cluster, "bare")
    version = make(cluster, "mine-previous-key", sharedKey=NEW)["metadata"]["resourceVersion"]
    found = await secrets.read_previous(mine)
    assert isinstance(found, Unreadable)
    assert not found.transient
    assert f"{NAMESPACE}/mine-previous-key" in found.message
    assert isinstance(await secrets.perform(mine, MarkFailedKey("7", version)), Refused)
    assert isinstance(await secrets.perform(mine, keep()), Later)
    assert value(cluster, "mine-previous-key") == NEW

    await secrets.perform(real(cluster, "reborn"), keep())
    assert isinstance(await secrets.read_previous(pair("reborn", uid="another")), Unreadable)

    await secrets.perform(bare, keep())
    cluster.kubectl("-n", NAMESPACE, "label", "secret", "bare-previous-key", f"{LABEL}-")
    assert isinstance(await secrets.read_previous(bare), Unreadable)


async def test_a_previous_key_is_kept_verbatim_even_where_a_new_one_would_be_refused(
    cluster: Cluster, secrets: Secrets
) -> None:
    odd = real(cluster, "odd")
    key = "with-hyphen and~tilde\n"
    await secrets.perform(odd, keep(key=key))
    assert (await previous(secrets, odd)).key == SharedKey(key)


async def test_an_emptied_previous_secret_is_no_key(cluster: Cluster, secrets: Secrets) -> None:
    emptied = real(cluster, "emptied")
    await secrets.perform(emptied, keep())
    for data in ({"sharedKey": ""}, None):
        patch = json.dumps({"data": data})
        cluster.kubectl("-n", NAMESPACE, "patch", "secret", "emptied-previous-key", "--type=merge", "-p", patch)
        assert isinstance(await secrets.read_previous(emptied), Unreadable)


# -- rights


async def test_secrets_are_manageable_where_all_three_verbs_are_granted(secrets: Secrets, weak: Weak) -> None:
    assert await secrets.manageable(NAMESPACE)
    enough = Secrets(weak("enough", "create,update,delete"), Clock())
    assert await enough.manageable(NAMESPACE)
    assert not await enough.manageable("default")
    for missing in ("create", "update", "delete"):
        verbs = ",".join({"get", "patch", "create", "update", "delete"} - {missing})
        assert not await Secrets(weak(f"no-{missing}", verbs), Clock()).manageable(NAMESPACE), missing


async def test_an_answer_about_rights_is_believed_for_a_minute(cluster: Cluster, weak: Weak, clock: Clock) -> None:
    secrets = Secrets(weak("fickle", "create,update,delete"), clock)
    assert await secrets.manageable(NAMESPACE)
    cluster.kubectl("-n", NAMESPACE, "delete", "rolebinding", "fickle")
    account = f"--as=system:serviceaccount:{NAMESPACE}:fickle"
    ask = ("-n", NAMESPACE, "auth", "can-i", "delete", "secrets", account)
    eventually("the right is gone", lambda: cluster.kubectl(*ask, check=False).stdout.strip() == "no")
    clock.seconds = 59.0
    assert await secrets.manageable(NAMESPACE)
    clock.seconds = 61.0
    assert not await secrets.manageable(NAMESPACE)


async def test_a_write_without_the_right_names_the_verb_and_the_namespace(
    cluster: Cluster, secrets: Secrets, weak: Weak
) -> None:
    denied = real(cluster, "denied")
    await secrets.perform(denied, keep())
    seen = await previous(secrets, denied)
    reader = Secrets(weak("reader", "get"), Clock())
    for verb, action in (
        ("create", MakeSharedKey(SecretKeyRef("denied"))),
        ("update", MarkFailedKey("7", seen.version)),
        ("update", keep(seen.version, NEW)),
        ("delete", ForgetPreviousKey(seen.version)),
    ):
        outcome = await reader.perform(denied, action)
        assert isinstance(outcome, Refused), action
        assert f"the verb {verb!r} on 'secrets'" in outcome.message
        assert f"in namespace {NAMESPACE}" in outcome.message
    assert await previous(secrets, denied) == seen


# -- no key is ever told


QUOTING = """
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: quoting}
spec:
  matchConstraints:
    namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-secrets}}
    resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [secrets]}]
  matchConditions: [{name: quoted, expression: 'object.metadata.name.startsWith("quoted")'}]
  validations:
    - expression: 'false'
      messageExpression: '"quoting " + string(object.data["sharedKey"])'
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: quoting}
spec: {policyName: quoting, validationActions: [Deny]}
"""


async def test_an_admission_policy_that_quotes_the_key_is_not_repeated(
    cluster: Cluster, secrets: Secrets, caplog: pytest.LogCaptureFixture
) -> None:
    quoted = real(cluster, "quoted")
    cluster.kubectl("apply", "-f", "-", input=QUOTING)
    try:
        literal = ("create", "secret", "generic", "quoted", f"--from-literal=sharedKey={OLD}", "--dry-run=server")
        told = base64.b64encode(OLD.encode()).decode()
        eventually("the policy quotes", lambda: told in cluster.kubectl("-n", NAMESPACE, *literal, check=False).stderr)
        outcome = await secrets.perform(quoted, keep())
    finally:
        cluster.kubectl("delete", "-f", "-", input=QUOTING)
    assert isinstance(outcome, Refused)
    assert "the Kubernetes API server answered 422" in outcome.message
    assert_tells_no_key(repr(outcome) + caplog.text)


async def test_an_answer_that_holds_a_secret_does_not_print_it(cluster: Cluster, server: ApiServer) -> None:
    make(cluster, "printed", sharedKey=NEW)
    answer = await server.get(f"/api/v1/namespaces/{NAMESPACE}/secrets/printed")
    assert base64.b64decode(answer.body["data"]["sharedKey"]).decode() == NEW
    assert_tells_no_key(f"{answer} {answer!r} {answer.message}")


async def test_a_dry_run_keeps_nothing(cluster: Cluster, secrets: Secrets) -> None:
    dry = real(cluster, "dry")
    await secrets.perform(dry, keep())
    seen = await previous(secrets, dry)
    server = ApiServer(str(cluster.kubeconfig), None, "vnetlink/test", dry_run=True)
    try:
        trying = Secrets(server, Clock())
        for action in (MakeSharedKey(SecretKeyRef("dry")), keep(seen.version, NEW), ForgetPreviousKey(seen.version)):
            assert isinstance(await trying.perform(dry, action), Written), action
    finally:
        await server.close()
    assert await secrets.read(dry, SecretKeyRef("dry")) == Absent()
    assert await previous(secrets, dry) == seen


async def test_an_api_server_that_cannot_be_reached_is_no_absence_and_may_be_asked_again(
    cluster: Cluster, tmp_path: Path
) -> None:
    nobody = tmp_path / "kubeconfig"
    nobody.write_text(cluster.kubeconfig.read_text().replace(cluster.url, "https://127.0.0.1:1"))
    server = ApiServer(str(nobody), None, "vnetlink/test")
    secrets = Secrets(server, Clock())
    try:
        for found in (await secrets.read(pair("a"), SecretKeyRef("x")), await secrets.read_previous(pair("a"))):
            assert isinstance(found, Unreadable)
            assert found.transient
        for action in (keep(), keep("1"), MarkFailedKey("7", "1"), ForgetPreviousKey("1")):
            assert isinstance(await secrets.perform(pair("a"), action), Later)
    finally:
        await server.close()


async def test_the_previous_key_goes_with_its_pair(cluster: Cluster, secrets: Secrets) -> None:
    mortal = real(cluster, "mortal")
    assert isinstance(await secrets.perform(mortal, keep()), Written)
    cluster.kubectl("-n", NAMESPACE, "delete", "vpnconnectionpair", "mortal")
    gone = ("-n", NAMESPACE, "get", "secret", "mortal-previous-key", "--ignore-not-found")
    # the garbage collector looks for new kinds twice a minute
    eventually("the garbage collector took it", lambda: cluster.kubectl(*gone).stdout == "", within=90)
