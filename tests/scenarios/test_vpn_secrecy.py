"""A shared key is in the data of Secrets and in the bodies of requests, and nowhere else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from controlplane.cluster import Cluster
from estate import eventually
from interruptions import own
from secrecy import assert_untold, left, shown_by_azure
from vpn_estate import OTHER_KEY, VpnEstate
from vpn_stories import BOTH, KEPT, PAIR, ask, by_hand, have, in_real_time, rises, rotate, rotated, set_at, told, value

THIRD_KEY = 'Th!rd"Key<With>&Quotes\\And/Slashes9'
BY_HAND = "Somebody5Else6Has7Set8This"
DEBUG = ("--identity-namespaces", "*", "--log-level", "DEBUG")


@pytest.fixture
def vpn(cluster: Cluster, tmp_path: Path) -> Iterator[VpnEstate]:
    """Its tunnel falls with the first key that is set, and stays down until time passes."""
    with in_real_time(cluster, tmp_path, falls=0.3) as estate:
        yield estate


def quote(vpn: VpnEstate, key: str, method: str, path: str) -> int:
    """Have Azure repeat the key in its next answers, each in another way; returns in how many."""
    me = vpn.azure.env["AZURE_CLIENT_ID"]
    said = f"The shared key '{key}' is not accepted."
    ways: list[dict[str, Any]] = [
        {"status": 400, "code": "InvalidSharedKey", "message": said},
        {"status": 500, "code": "InternalServerError", "message": said},
        {"status": 409, "body": {"error": {"code": key, "message": said, "details": [{"code": key, "message": key}]}}},
        {"status": 502, "body": {"value": key}},
    ]
    if method == "GET":
        ways.append({"status": 200, "body": {"sharedKey": key, "properties": {"sharedKey": key, "value": key}}})
        ways.append({"kind": "truncate"})
    for nth, way in enumerate(ways, start=1):
        vpn.azure.fault(**{"kind": "answer", "method": method, "path": path, "principal": me, "nth": nth, **way})
    return len(ways)


def hit(vpn: VpnEstate, since: int) -> int:
    return sum(bool(one["fault"]) for one in own(vpn, since))


def quoted(vpn: VpnEstate, key: str, method: str, path: str) -> None:
    """Until all the quotes were answered."""
    since = vpn.azure.last_request()
    count = quote(vpn, key, method, path)

    def asked() -> bool:
        ask(vpn)
        return hit(vpn, since) >= count

    eventually(f"{count} quotes", asked, within=60, every=0.5)
    vpn.azure.clear_faults()


def places(vpn: VpnEstate) -> dict[str, str]:
    """Everywhere; of Secrets that we keep their metadata."""
    metadata = json.dumps(vpn.kubernetes_secret(KEPT).get("metadata", "-"))
    return {"metrics": vpn.operator.metrics(), KEPT: metadata, **left(vpn), **shown_by_azure(vpn)}


def test_no_key_is_told_by_a_run_that_makes_quotes_rotates_rolls_back_repairs_fails_and_deletes(
    vpn: VpnEstate,
) -> None:
    vpn.start(*DEBUG)
    timeout = {"rotation": {"verifyTimeout": "3s"}}
    vpn.vpn(PAIR, *vpn.two_vnets(), key={"generate": True, **timeout}, interval="1s")
    eventually("both connections", lambda: vpn.names("connections") == BOTH)
    generated = value(vpn.kubernetes_secret("vpn"))
    eventually("the generated key", lambda: have(vpn, generated))
    quoted(vpn, generated, "GET", "/connections/")
    rises(vpn)
    vpn.wait_ready(PAIR)
    assert_untold(places(vpn), generated)

    since = vpn.azure.last_request()
    rotate(vpn, OTHER_KEY)
    eventually("rolled back", lambda: set_at(vpn, since) == [*BOTH, *BOTH], within=60)
    rises(vpn)
    eventually("told", lambda: told(vpn, "RotationRolledBack"))
    assert vpn.kubernetes_secret(KEPT)
    assert_untold(places(vpn), generated, OTHER_KEY)

    vpn.patch(PAIR, vpn={"sharedKey": {"rotation": {"verifyTimeout": "10m"}}})
    vpn.secret(key=THIRD_KEY)
    quoted(vpn, THIRD_KEY, "PUT", "/sharedkey")
    eventually("the third key", lambda: have(vpn, THIRD_KEY))
    rises(vpn)
    eventually("the rotation's end", lambda: rotated(vpn, THIRD_KEY))
    by_hand(vpn, BOTH[0], BY_HAND)
    eventually("repaired", lambda: have(vpn, THIRD_KEY))
    vpn.azure.fault(kind="fail", method="PUT", path="/sharedkey", count=1)
    vpn.secret(key=f"not{THIRD_KEY} a key")
    ask(vpn)
    eventually("invalid", lambda: "SharedKeyInvalid" in json.dumps(vpn.status(PAIR)))
    vpn.delete(PAIR)
    assert_untold(places(vpn), generated, OTHER_KEY, THIRD_KEY, BY_HAND)
