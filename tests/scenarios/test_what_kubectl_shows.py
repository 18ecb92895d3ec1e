"""What a person sees with kubectl: waiting, columns, events, and nothing that does not belong there."""

from __future__ import annotations

import json
from collections import Counter

from estate import OPERATOR_NAMESPACE, Estate
from link_estate import LinkEstate
from stories import connected, looks_again, told, two_vnets


def test_kubectl_wait_works_for_ready_connected_and_for_the_end(estate: Estate) -> None:
    app, data = two_vnets(estate)
    estate.start()
    estate.pair("awaited", app, data)

    for condition in ("Ready", "Connected"):
        estate.kubectl("wait", f"--for=condition={condition}", "peeringpair/awaited", "--timeout=30s")
    estate.delete("awaited", wait=False)
    estate.kubectl("wait", "--for=delete", "peeringpair/awaited", "--timeout=30s")


def test_the_columns_tell_the_state_and_the_wide_ones_what_to_do(estate: Estate) -> None:
    app, _ = connected(estate, "shown")
    header, line = estate.kubectl("get", "peerpair", "shown", "--output", "wide").splitlines()
    assert header.split() == ["NAME", "1->2", "2->1", "SYNC", "READY", "REASON", "AGE", "VNET1", "VNET2", "MESSAGE"]
    told_first = line.split()
    assert told_first[:6] == ["shown", "Connected", "Connected", "InSync", "True", "Connected"]
    assert told_first[7:9] == ["app", "data"]
    assert line.endswith("Both peerings are Connected and in sync.")

    estate.patch("shown", suspend=True)
    estate.azure.delete(f"{app}/virtualNetworkPeerings/app-data")
    estate.wait_reason("shown", "PeeringDisconnected")
    line = estate.kubectl("get", "peeringpairs", "shown", "--no-headers")
    assert line.split()[:5] == ["shown", "Missing", "Disconnected", "False", "PeeringDisconnected"], "SYNC is empty"


def test_describe_of_a_broken_link_says_what_stands_why_not_and_what_a_delete_takes(links: LinkEstate) -> None:
    app, data = links.two_vnets()
    peer = "Microsoft.Network/virtualNetworks/peer/action"
    rights = [{"scope": app, "actions": ["*"]}, {"scope": data, "actions": ["*/read", peer]}]
    links.azure.roles({links.azure.env["AZURE_CLIENT_ID"]: rights})
    links.start()
    links.link("half", app, data)
    links.wait_reason("half", "ReversePeeringMissing")

    text = links.kubectl("describe", "vnetlink", "half").partition("Events:")[0]
    said = " ".join(text.split())
    assert said.count("Code: ReversePeeringMissing") == 1, "one fault is one finding"
    for piece in (
        f"vnet1: Address Prefixes: 10.1.0.0/16 Id: {app} Location: westeurope Name: app Origin: Selected",
        f"vnet1ToVnet2: Id: {app}/virtualNetworkPeerings/app-data",
        "State: Initiated",
        "vnet2ToVnet1: State: Missing",
        "Pair: Kind: peeringpairs Name: half-peering",
        "Peering, because no encryption is required",
        f"Remediation: Its owner can run: az network vnet peering create --subscription {data.split('/')[2]}",
        f"Id: {app}/virtualNetworkPeerings/app-data On Delete: Delete Origin: Created Role: Peering State: Initiated",
        f"Id: {data} On Delete: Keep Origin: Selected Role: VirtualNetwork State: Succeeded",
    ):
        assert piece in said, f"{piece}\n{text}"


def test_events_are_told_once_a_transition(estate: Estate) -> None:
    app, data = connected(estate, "eventful")
    looks_again(estate, app)
    assert Counter(estate.events("eventful")) == {"PeeringCreated": 2, "Connected": 1}

    estate.azure.delete(data)
    estate.wait_reason("eventful", "VNetNotFound")
    looks_again(estate, app)
    assert len(told(estate, "eventful", "VNetNotFound")) == 1
    text = estate.kubectl("describe", "peeringpair", "eventful")
    assert "Created peering" in text
    assert "VNetNotFound" in text


def test_no_object_carries_a_secret_or_a_trace_of_kopf(estate: Estate) -> None:
    connected(estate, "clean", peering={"vnet1": {"allowForwardedTraffic": True}})
    secret = estate.azure.env["AZURE_CLIENT_SECRET"]
    kinds = "peeringpairs,configmaps,secrets,leases,events"

    everything = estate.cluster.kubectl(
        "get", kinds, "--all-namespaces", "--show-managed-fields", "--output", "json"
    ).stdout
    ours = [
        text
        for item in json.loads(everything)["items"]
        if "vnetlink" in (text := json.dumps(item)) or item["metadata"]["namespace"] == OPERATOR_NAMESPACE
    ]

    assert len(ours) > 3
    for text in ours:
        assert "kopf" not in text.lower()
        assert secret not in text
        assert "eyJ" not in text, "a token"
    assert secret not in estate.operator.log()
