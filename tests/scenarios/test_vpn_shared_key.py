"""Where the key comes from: a Secret that a person made, or one that is generated; and what is said when it is no key."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from estate import eventually
from vpn_estate import KEY, LABEL, OTHER_KEY, VpnEstate
from vpn_stories import PAIR, ask, finding, have, limited, rest, rotate, rotated, set_at, standing, told, value

NOT_A_KEY = "Sw0rdfish"
UNUSABLE: tuple[tuple[str, Mapping[str, Any], str, str], ...] = (
    ("unlabelled", {"labels": {}}, "SecretNotLabelled", "kubectl label secret -n default vpn vnetlink.dev/shared-key"),
    (
        "labelled otherwise",
        {"labels": {**LABEL, "vnetlink.dev/shared-key": "yes"}},
        "SecretNotLabelled",
        "so it is not",
    ),
    ("no value", {"field": "psk"}, "SharedKeyMissing", "has no value under 'sharedKey'"),
    ("empty", {"key": ""}, "SharedKeyInvalid", "is empty"),
    ("only a newline", {"key": "\n"}, "SharedKeyInvalid", "is empty"),
    ("too long", {"key": NOT_A_KEY * 15}, "SharedKeyInvalid", "is longer than 128 characters"),
    ("a space", {"key": f"{NOT_A_KEY} {NOT_A_KEY}"}, "SharedKeyInvalid", "other than printable ASCII"),
    ("a hyphen", {"key": f"{NOT_A_KEY}-{NOT_A_KEY}"}, "SharedKeyInvalid", "other than printable ASCII"),
    ("not ASCII", {"key": f"{NOT_A_KEY}é"}, "SharedKeyInvalid", "other than printable ASCII"),
    ("a newline within", {"key": f"{NOT_A_KEY}\n{NOT_A_KEY}"}, "SharedKeyInvalid", "other than printable ASCII"),
)
LENGTHS = ("135", "136", "19 char", "10 char")  # of the values above


def said(vpn: VpnEstate) -> str:
    """Everything that a person reads about the pair: the object, its events, the operator's log."""
    events = vpn.kubectl("get", "events.events.k8s.io,events.v1.", "--output", "json")
    return json.dumps(vpn.read(PAIR)) + events + vpn.operator.log()


def replace_secret(vpn: VpnEstate, **secret: Any) -> None:
    vpn.kubectl("delete", "secret", "vpn", "--ignore-not-found")
    vpn.secret(**secret)


def refused(vpn: VpnEstate, reason: str, words: str) -> bool:
    ready = vpn.condition(PAIR)
    return ready.get("reason") == reason and ready["status"] == "False" and words in ready["message"]


# --- a Secret that a person made


def test_what_is_no_key_is_refused_before_any_write_with_reason_and_remedy_and_is_never_echoed(vpn: VpnEstate) -> None:
    app, data = vpn.two_vnets()
    vpn.start("--identity-namespaces", "*", "--log-level", "DEBUG")
    vpn.vpn(PAIR, app, data, interval="1h")
    eventually("missing", lambda: refused(vpn, "SharedKeyMissing", "Secret default/vpn does not exist"))
    assert "kubectl create secret generic -n default vpn --from-file=sharedKey=FILE" in vpn.condition(PAIR)["message"]

    for what, secret, reason, words in UNUSABLE:
        replace_secret(vpn, **secret)
        ask(vpn)
        eventually(what, lambda: refused(vpn, reason, words))  # noqa: B023 - called at once
        assert finding(vpn, reason)["remediation"], what
    assert vpn.writes() == []
    text = said(vpn)
    assert NOT_A_KEY not in text
    assert [
        number for number in LENGTHS if number in vpn.kubectl("get", vpn.kind, PAIR, "--output=jsonpath={.status}")
    ] == []

    replace_secret(vpn)
    ask(vpn)
    vpn.wait_ready(PAIR)


def test_a_trailing_newline_is_left_out_and_a_weak_key_is_used_each_with_a_warning(vpn: VpnEstate) -> None:
    standing(vpn, interval="1h")
    assert "findings" not in vpn.status(PAIR)
    rotate(vpn, f"{OTHER_KEY}\n")
    eventually("without the newline", lambda: rotated(vpn, OTHER_KEY))
    eventually("the warning", lambda: finding(vpn, "SharedKeyInvalid", "ends in a newline"))
    assert finding(vpn, "SharedKeyInvalid")["severity"] == "Warning"
    assert vpn.condition(PAIR)["reason"] == "Connected"

    rotate(vpn, "abc123")
    eventually("the weak one", lambda: rotated(vpn, "abc123"))
    eventually("the warning", lambda: finding(vpn, "SharedKeyInvalid", "is weak"))
    assert not finding(vpn, "SharedKeyInvalid", "newline")
    assert vpn.condition(PAIR)["reason"] == "Connected"
    assert "abc123" not in said(vpn)


def test_a_secret_that_goes_or_spoils_after_the_tunnel_stood_costs_no_write_and_the_tunnel_stays(
    vpn: VpnEstate,
) -> None:
    standing(vpn)
    since = vpn.azure.last_request()
    vpn.kubectl("delete", "secret", "vpn")
    eventually("missing", lambda: finding(vpn, "SharedKeyMissing"))
    vpn.secret(key="not a key")
    eventually("invalid", lambda: finding(vpn, "SharedKeyInvalid"))
    assert (vpn.condition(PAIR)["status"], vpn.condition(PAIR, "Connected")["status"]) == ("True", "True")
    rest(vpn)
    assert set_at(vpn, since) == []
    assert have(vpn, KEY)


# --- a generated one


def test_a_key_is_generated_once_strong_and_labelled_and_never_overwritten(vpn: VpnEstate) -> None:
    vpn.start()
    vpn.vpn(PAIR, *vpn.two_vnets(), key={"generate": True}, interval="1s")
    vpn.wait_ready(PAIR)
    made = vpn.kubernetes_secret("vpn")
    assert made["metadata"]["labels"]["vnetlink.dev/shared-key"] == "true"
    key = value(made)
    assert len(key) >= 32
    assert len(set(key)) >= 16
    assert have(vpn, key)

    vpn.operator.restart().wait_ready()
    rest(vpn)
    assert vpn.kubernetes_secret("vpn") == made

    vpn.secret(key=OTHER_KEY)
    eventually("the person's key", lambda: rotated(vpn, OTHER_KEY))
    assert value(vpn.kubernetes_secret("vpn")) == OTHER_KEY
    assert key not in said(vpn)


def test_a_generated_key_is_renewed_when_asked_and_once_for_each_time(vpn: VpnEstate) -> None:
    vpn.start()
    vpn.vpn(PAIR, *vpn.two_vnets(), key={"generate": True}, interval="1s")
    vpn.wait_ready(PAIR)
    first, since = value(vpn.kubernetes_secret("vpn")), vpn.azure.last_request()

    vpn.kubectl("annotate", vpn.kind, PAIR, "vnetlink.dev/rotate-requested-at=2026-11-21T12:00:00Z")
    eventually("another key", lambda: value(vpn.kubernetes_secret("vpn")) != first)
    second = value(vpn.kubernetes_secret("vpn"))
    eventually("at both ends", lambda: rotated(vpn, second))
    vpn.operator.restart().wait_ready()
    rest(vpn)
    assert value(vpn.kubernetes_secret("vpn")) == second
    assert set_at(vpn, since) == ["app-data", "data-app"]
    assert len(told(vpn, "SharedKeyRotated")) == 1


def test_a_persons_key_is_not_renewed(vpn: VpnEstate) -> None:
    standing(vpn, key={"generate": True})
    vpn.kubectl("annotate", vpn.kind, PAIR, "vnetlink.dev/rotate-requested-at=2026-11-21T12:00:00Z")
    rest(vpn)
    assert value(vpn.kubernetes_secret("vpn")) == KEY
    assert have(vpn, KEY)


def test_without_the_right_to_make_secrets_generate_is_refused_with_the_reason(vpn: VpnEstate) -> None:
    limited(vpn, "get")
    vpn.start()
    vpn.vpn(PAIR, *vpn.two_vnets(), key={"generate": True}, interval="1s")
    message = vpn.wait_reason(PAIR, "SharedKeyMissing")["message"]
    assert "generate needs create, update and delete on Secrets, which the operator was not granted" in message
    assert "have the administrator grant the right" in message
    assert vpn.writes() == []

    limited(vpn, "get", "create", "update", "delete")
    vpn.start()
    vpn.wait_ready(PAIR)


def test_without_the_right_to_get_secrets_the_verb_and_the_namespace_are_named(vpn: VpnEstate) -> None:
    limited(vpn, "create")
    vpn.secret()
    vpn.start()
    vpn.vpn(PAIR, *vpn.two_vnets(), interval="1s")
    message = vpn.wait_reason(PAIR, "SharedKeyMissing")["message"]
    assert "RBAC lacks the verb 'get' on 'secrets' for the operator in namespace default" in message
    assert vpn.writes() == []


# --- without the right to read keys in Azure


def test_without_the_right_to_read_keys_the_tunnel_is_the_judge_and_a_rotation_still_goes_through(
    vpn: VpnEstate,
) -> None:
    everything_but = {"scope": "/", "actions": ["*"], "notActions": ["Microsoft.Network/connections/sharedKey/action"]}
    vpn.azure.roles({vpn.azure.env["AZURE_CLIENT_ID"]: [everything_but]})
    standing(
        vpn, within=90
    )  # Azure says the same to those who lack the right as when it fails, so it is asked for a while
    found = finding(vpn, "AuthorizationFailed", "cannot be compared, so it is judged by the tunnel")
    assert found["severity"] == "Warning"
    assert "Microsoft.Network/connections/sharedKey/action" in found["message"]
    since = vpn.azure.last_request()

    rotate(vpn, OTHER_KEY)
    eventually("the rotation's end", lambda: rotated(vpn, OTHER_KEY))
    eventually("the event", lambda: told(vpn, "SharedKeyRotated"))
    rest(vpn)
    assert set_at(vpn, since) == ["app-data", "data-app"]
    vpn.wait_ready(PAIR)
