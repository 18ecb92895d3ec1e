"""`vnetlink scan`: every pair of an estate with its state and fault. Asked of Azure alone; no cluster, no write."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import Any

import pytest
import yaml

from armsim_process import SUBSCRIPTION, SUBSCRIPTION_2, ArmsimProcess
from vnetlink.domain.specs import ManagementPolicy, PeeringPair
from vnetlink.kube.decode import decode


def scan(azure: ArmsimProcess, *args: str) -> tuple[int, str, str]:
    """Exit code, answer and complaints; of the first subscription unless told otherwise."""
    asked = args if "--subscription" in args else ("--subscription", SUBSCRIPTION, *args)
    command = [sys.executable, "-m", "vnetlink", "scan", *asked]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AZURE_", "VNETLINK_"))}
    done = subprocess.run(
        command, env={**inherited, **azure.env}, capture_output=True, text=True, timeout=60, check=False
    )
    return done.returncode, done.stdout, done.stderr


def pairs(azure: ArmsimProcess, *args: str) -> tuple[int, list[dict[str, Any]]]:
    code, told, _ = scan(azure, *args, "-o", "json")
    return code, json.loads(told)["pairs"]


def peer(azure: ArmsimProcess, one: str, two: str, **flags: Any) -> None:
    """Both directions, named after where they lead."""
    for vnet, remote in ((one, two), (two, one)):
        azure.peering(vnet, f"to-{remote.rpartition('/')[2]}", remote, **flags)


def sent(azure: ArmsimProcess) -> list[tuple[str, str]]:
    """Method and path of everything that the command sent, but for its login."""
    me = azure.env["AZURE_CLIENT_ID"]
    return [(one["method"], one["path"]) for one in azure.requests() if one["principal"] == me]


def writes(azure: ArmsimProcess) -> list[tuple[str, str]]:
    return [one for one in sent(azure) if one[0] != "GET"]


def faults(found: list[dict[str, Any]]) -> dict[str, list[str]]:
    """The faults of each pair, by the names of its VNets."""
    return {f"{_name(one['vnet1'])} {_name(one['vnet2'])}": one["faults"] for one in found}


def _name(id: str) -> str:
    return id.rpartition("/")[2]


def test_an_estate_that_is_well_is_listed_once_and_sorted_with_one_list(azure: ArmsimProcess) -> None:
    hub, data, app = (azure.vnet(name, f"10.{n}.0.0/16") for n, name in enumerate(("hub", "data", "app"), 1))
    azure.vnet("alone", "10.9.0.0/16")
    peer(azure, hub, data)
    peer(azure, hub, app)

    code, told, complaints = scan(azure)

    assert (code, complaints) == (0, "")
    assert [line.split() for line in told.splitlines()] == [
        ["VNET1", "VNET2", "METHOD", "1->2", "2->1", "FAULT"],
        ["rg/app", "rg/hub", "Peering", "Connected", "Connected", "-"],
        ["rg/data", "rg/hub", "Peering", "Connected", "Connected", "-"],
    ]
    assert [method for method, _ in sent(azure)] == ["GET"], "one list tells everything"


def test_each_fault_is_told_with_its_pair(azure: ArmsimProcess) -> None:
    hub = azure.vnet("hub", "10.0.0.0/16")
    half, gone, stale = (
        azure.vnet(name, f"10.{n}.0.0/16") for n, name in enumerate(("half-spoke", "gone-spoke", "stale-spoke"), 1)
    )
    azure.peering(half, "to-hub", hub)
    peer(azure, hub, gone)
    azure.delete(f"{gone}/virtualNetworkPeerings/to-hub")
    peer(azure, hub, stale)
    grown = azure.get(stale)
    grown["properties"]["addressSpace"]["addressPrefixes"].append("10.30.0.0/16")
    azure.put(stale, grown)

    code, found = pairs(azure)

    assert code == 1
    assert faults(found) == {
        "gone-spoke hub": ["Disconnected"],
        "half-spoke hub": ["half-made"],
        "hub stale-spoke": ["out of sync"],
    }
    by_name = {_name(one["vnet1"]): one for one in found}
    assert (by_name["gone-spoke"]["vnet1ToVnet2"], by_name["gone-spoke"]["vnet2ToVnet1"]) == ("Missing", "Disconnected")
    assert "az network vnet peering create" in by_name["half-spoke"]["findings"][0]["remediation"]
    assert writes(azure) == []


def test_a_half_made_pair_whose_ranges_overlap_is_told_so(azure: ArmsimProcess) -> None:
    app, data = azure.vnet("app", "10.1.0.0/16"), azure.vnet("data", "10.2.0.0/16")
    azure.peering(app, "to-data", data)
    grown = azure.get(data)
    grown["properties"]["addressSpace"]["addressPrefixes"].append("10.1.128.0/17")
    azure.put(data, grown)

    code, told, _ = scan(azure)

    assert code == 1
    assert "half-made, overlapping" in told.splitlines()[1]
    assert "10.1.0.0/16" in told


def test_a_remote_vnet_of_another_subscription_is_read_or_unknown(azure: ArmsimProcess) -> None:
    app = azure.vnet("app", "10.1.0.0/16")
    far = azure.vnet("far", "10.2.0.0/16", subscription=SUBSCRIPTION_2)
    peer(azure, app, far)

    code, found = pairs(azure)
    assert (code, faults(found)) == (0, {"app far": []})
    assert pairs(azure, "--subscription", SUBSCRIPTION_2, "--subscription", SUBSCRIPTION.upper())[1] == found

    reader = [{"scope": f"/subscriptions/{SUBSCRIPTION}", "role": "Reader"}]
    azure.roles({azure.env["AZURE_CLIENT_ID"]: reader})
    code, told, complaints = scan(azure, "-o", "json")

    [pair] = json.loads(told)["pairs"]
    assert (code, pair["vnet1ToVnet2"], pair["vnet2ToVnet1"]) == (2, "Connected", "Unknown")
    assert [one["id"] for one in json.loads(told)["unread"]] == [far]
    assert f"{far} could not be read" in complaints
    code, _, complaints = scan(azure, "--subscription", SUBSCRIPTION, "--subscription", SUBSCRIPTION_2)
    assert code == 2
    assert f"/subscriptions/{SUBSCRIPTION_2}" in complaints
    assert writes(azure) == []


def tunnel(azure: ArmsimProcess, *ends: tuple[str, str], **keys: str) -> None:
    """Connections from gateway to gateway, each with its own key where `keys` has one by its name."""
    for near, far in ends:
        key = keys.get(_name(near), "whateverItIs1234")
        azure.connection(f"{_name(near)}-{_name(far)}", near, far, key)


def test_vnets_that_connections_alone_join_are_pairs_too_and_reader_may_see_them(azure: ArmsimProcess) -> None:
    hub, app, half, far = (
        azure.vnet_with_gateway(name, n, **where)
        for n, (name, where) in enumerate(
            [("hub", {}), ("app", {}), ("half", {}), ("far", {"subscription": SUBSCRIPTION_2})]
        )
    )
    tunnel(azure, (hub, app), (app, hub), (half, hub))
    tunnel(azure, (hub, far), (far, hub), **{"gw-far": "anotherKeyOfTheSame1"})
    reader = [{"scope": f"/subscriptions/{id}", "role": "Reader"} for id in (SUBSCRIPTION, SUBSCRIPTION_2)]
    azure.roles({azure.env["AZURE_CLIENT_ID"]: reader})

    code, found = pairs(azure)

    told = {
        _name(one["vnet1"]): (one["method"], one["vnet1ToVnet2"], one["vnet2ToVnet1"], one["faults"]) for one in found
    }
    assert (code, told) == (
        1,
        {
            "app": ("Vpn", "Connected", "Connected", []),
            "half": ("Vpn", "Connecting", "Missing", ["half-made"]),
            "hub": ("Vpn", "NotConnected", "NotConnected", ["NotConnected"]),
        },
    )
    remedies = [finding["remediation"] for one in found for finding in one["findings"]]
    assert any("az network vpn-connection create" in one for one in remedies)
    assert writes(azure) == []
    assert not [path for _, path in sent(azure) if "sharedkey" in path.lower()], "the Reader role may not see keys"

    azure.roles({azure.env["AZURE_CLIENT_ID"]: reader[:1]})
    code, answer, complaints = scan(azure, "-o", "json")
    assert code == 2
    assert f"{far} could not be read" in complaints
    assert len(json.loads(answer)["pairs"]) == 2


def test_manifests_observe_every_pair_as_it_stands(azure: ArmsimProcess) -> None:
    long = "v" * 60
    vnets = [azure.vnet("App_1.x", f"10.{n}.0.0/16", group=group) for n, group in enumerate(("one", "pal"), 1)]
    hub = azure.vnet(long, "10.9.0.0/16")
    for vnet in vnets:
        azure.peering(hub, f"to-{vnet.split('/')[4]}", vnet, allowForwardedTraffic=True)
        azure.peering(vnet, "back", hub, allowVirtualNetworkAccess=False)

    code, told, _ = scan(azure, "-o", "yaml")
    assert code == 0
    manifests = list(yaml.safe_load_all(told))

    names = [one["metadata"]["name"] for one in manifests]
    assert len(set(names)) == 2
    assert all(re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", name) for name in names)
    for body in manifests:
        pair = decode(body, "")
        assert isinstance(pair, PeeringPair), pair
        assert pair.spec.lifecycle.management is ManagementPolicy.OBSERVE
        ends = {str(end.id): wanted for end, wanted in zip(pair.spec.ends, pair.spec.peerings, strict=True)}
        assert ends[hub].options.allow_forwarded_traffic
        [(_, theirs)] = [(id, wanted) for id, wanted in ends.items() if id != hub]
        assert (theirs.name, theirs.options.allow_virtual_network_access) == ("back", False)
    assert writes(azure) == []


@pytest.mark.parametrize("wrong", [("--subscription", "nonsense"), ("-o", "markdown")])
def test_a_bad_command_line_is_refused_in_one_sentence(azure: ArmsimProcess, wrong: tuple[str, ...]) -> None:
    code, told, complaint = scan(azure, *wrong)

    assert (code, told, complaint.count("\n")) == (2, "", 1)
    assert sent(azure) == []
