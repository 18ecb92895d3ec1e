"""`vnetlink plan -f`: what files would have written to Azure. Asked of Azure alone; no cluster, no write."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from armsim_process import SUBSCRIPTION, ArmsimProcess

GATEWAYS = {"vnet1": {"gateway": {"create": {}}}, "vnet2": {"gateway": {"create": {}}}}
VPN = {**GATEWAYS, "sharedKey": {"secretRef": {"name": "key"}}}


def plan(azure: ArmsimProcess, *args: str, stdin: str = "") -> tuple[int, str, str]:
    """Exit code, answer and complaints."""
    command = [sys.executable, "-m", "vnetlink", "plan", *args]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AZURE_", "VNETLINK_"))}
    env = {**inherited, **azure.env}
    done = subprocess.run(command, env=env, input=stdin, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout, done.stderr


def planned(azure: ArmsimProcess, *objects: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
    """Exit code and answer for these objects, given on stdin."""
    code, told, complaint = plan(azure, "-f", "-", "-o", "json", stdin=yaml.safe_dump_all(objects))
    assert told, complaint
    return code, json.loads(told)


def actions(told: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Each write with the name of what it would write."""
    return [(one["action"], one["id"].rpartition("/")[2]) for one in told["actions"]]


def body(kind: str, one: str, two: str, name: str = "a", **spec: Any) -> dict[str, Any]:
    ends = {side: {"id": id, **spec.pop(side, {})} for side, id in (("vnet1", one), ("vnet2", two))}
    return {
        "apiVersion": "vnetlink.dev/v1alpha1",
        "kind": kind,
        "metadata": {"name": name},
        "spec": {**ends, **spec},
    }


def two(azure: ArmsimProcess) -> tuple[str, str]:
    return azure.vnet("app", "10.1.0.0/16"), azure.vnet("data", "10.2.0.0/16")


def writes(azure: ArmsimProcess) -> list[tuple[str, str]]:
    """Everything but reads, keys that are listed with a POST included."""
    return [one for one in sent(azure) if one[0] != "GET"]


def sent(azure: ArmsimProcess) -> list[tuple[str, str]]:
    me = azure.env["AZURE_CLIENT_ID"]
    return [(one["method"], one["path"]) for one in azure.requests() if one["principal"] == me]


def test_a_pair_that_stands_owes_nothing_and_a_missing_one_is_told_in_a_table(azure: ArmsimProcess) -> None:
    app, data = two(azure)
    pair = body("PeeringPair", app, data)

    code, told, _ = plan(azure, "-f", "-", stdin=yaml.safe_dump(pair))
    lines = told.splitlines()
    assert (code, lines[0].split()) == (1, ["ACTION", "BILLABLE", "OUTAGE", "ID", "DETAIL"])
    assert lines[1].split() == ["CreatePeering", "-", "-", f"{app}/virtualNetworkPeerings/app-data", "To", f"{data}."]
    assert [line.split()[0] for line in lines[1:]] == ["CreatePeering", "CreatePeering"]

    azure.peering(app, "there", data)
    azure.peering(data, "back", app)
    assert plan(azure, "-f", "-", stdin=yaml.safe_dump(pair))[:2] == (0, "Nothing would be written to Azure.\n")
    assert writes(azure) == []


def test_several_files_and_documents_are_planned_in_their_order_as_markdown(
    azure: ArmsimProcess, tmp_path: Path
) -> None:
    app, data = two(azure)
    third = azure.vnet("third", "10.3.0.0/16")
    credential = {"apiVersion": "vnetlink.dev/v1alpha1", "kind": "AzureCredential", "metadata": {"name": "c"}}
    first, second = tmp_path / "1.yaml", tmp_path / "2.yaml"
    named = body("PeeringPair", app, data, vnet1={"credentialRef": {"name": "c"}})
    first.write_text(yaml.safe_dump_all([credential, None, named]))
    second.write_text(yaml.safe_dump({"kind": "List", "items": [body("VNetLink", app, third, "b")]}))

    code, told, _ = plan(azure, "-f", str(first), "-f", str(second), "-o", "markdown")

    lines = told.splitlines()
    assert (code, lines[:2]) == (1, ["| ACTION | BILLABLE | OUTAGE | ID | DETAIL |", "|---|---|---|---|---|"])
    ids = [line.split(" | ")[3].rpartition("/")[2] for line in lines[2:6]]
    assert ids == ["app-data", "data-app", "app-third", "third-app"]
    assert next(line for line in lines if "AzureCredentials cannot be read" in line).startswith(
        "- PeeringPair default/a: "
    )
    assert writes(azure) == []


def test_a_link_is_planned_with_its_vnets_and_what_its_pair_would_write(azure: ArmsimProcess) -> None:
    app = azure.vnet("app", "10.1.0.0/16")
    new = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/new/providers/Microsoft.Network/virtualNetworks/new"
    zone = f"{azure.group('rg')}/providers/Microsoft.Network/privateDnsZones/corp.example"
    linked = {"location": "global", "properties": {"virtualNetwork": {"id": app}}}
    for id, shape in ((zone, {"location": "global"}), (f"{zone}/virtualNetworkLinks/app", linked)):
        azure.wait(azure.send("PUT", id, shape))
    create = {"location": "westeurope", "addressPrefixes": ["10.2.0.0/16"], "createResourceGroup": True}

    dns = {"privateDnsZones": [{"id": zone}]}
    code, told = planned(azure, body("VNetLink", app, new, vnet2={"create": create}, dns=dns))

    assert (code, told["findings"]) == (1, [])
    assert actions(told) == [
        ("CreateResourceGroup", "new"),
        ("CreateVNet", "new"),
        ("LinkDnsZone", "new"),
        ("CreatePeering", "app-new"),
        ("CreatePeering", "new-app"),
    ]
    assert writes(azure) == []
    assert azure.get(new) is None


def test_a_link_over_gateways_that_are_to_be_made_tells_what_is_billed_and_that_keys_are_left_out(
    azure: ArmsimProcess,
) -> None:
    app, data = two(azure)

    code, told = planned(azure, body("VNetLink", app, data, encryption="IPsec", vpn=VPN))

    kinds = [one for one, _ in actions(told)]
    assert (code, sorted(kinds)) == (
        1,
        sorted(2 * ["CreateSubnet", "CreatePublicIP", "CreateGateway", "CreateConnection"]),
    )
    billed = {one["action"] for one in told["actions"] if one["billable"]}
    assert billed == {"CreatePublicIP", "CreateGateway"}
    assert [one["message"] for one in told["notes"] if "key" in one["message"]]
    assert writes(azure) == []


def test_connections_that_stand_are_compared_without_their_keys(azure: ArmsimProcess) -> None:
    ids = []
    for name, n in (("app", 1), ("data", 2)):
        subnets = {"GatewaySubnet": f"10.{n}.255.0/27"}
        ids.append(azure.vnet(name, f"10.{n}.0.0/16", group=name, subnets=subnets))
    near, far = (azure.gateway(id, f"gw{n}") for n, id in enumerate(ids))
    for one, other, name in ((near, far, "there"), (far, near, "back")):
        azure.connection(name, one, other, "whateverItIs1234", dpdTimeoutSeconds=30, routingWeight=10)
    vpn = {side: {"gateway": {"id": id}} for side, id in (("vnet1", near), ("vnet2", far))}
    vpn = {**vpn, "sharedKey": VPN["sharedKey"]}
    as_it_is = body("VpnConnectionPair", *ids, vpn={**vpn, "dpdTimeoutSeconds": 30})
    other = body("VpnConnectionPair", *ids, vpn={**vpn, "dpdTimeoutSeconds": 60})
    always = {**other, "spec": {**other["spec"], "adoptionPolicy": "Always"}}

    code, told = planned(azure, other, always)
    assert (code, actions(told)) == (1, 2 * [("UpdateConnection", "there"), ("UpdateConnection", "back")])
    assert all(one["outage"] for one in told["actions"])
    (taken,) = [one["message"] for one in told["notes"] if "is taken as the object's own" in one["message"]]
    assert "AdoptionRefused" in taken, "without Always"

    code, told = planned(azure, as_it_is)
    assert told["findings"] == []
    assert (code, told["actions"]) == (0, [])
    assert "the shared key is left out" in told["notes"][0]["message"]
    assert writes(azure) == [], "no key was asked for"


def test_what_stands_in_the_way_is_told_and_is_exit_code_3(azure: ArmsimProcess) -> None:
    app, twin = azure.vnet("app", "10.1.0.0/16"), azure.vnet("twin", "10.1.0.0/17")

    code, told = planned(azure, body("PeeringPair", app, twin), body("VNetLink", app, f"{twin}-not", "b"))

    assert (code, told["actions"]) == (3, [])
    assert [(one["object"], one["code"]) for one in told["findings"]] == [
        ("PeeringPair default/a", "AddressSpacesOverlap"),
        ("VNetLink default/b", "VNetNotFound"),
    ]
    assert all(one["remediation"] for one in told["findings"])
    assert writes(azure) == []


def test_what_the_record_of_a_live_object_names_is_ours_to_change(azure: ArmsimProcess) -> None:
    app, data = two(azure)
    there = azure.peering(app, "there", data, allowForwardedTraffic=True)
    back = azure.peering(data, "back", app)
    pair = body("PeeringPair", app, data)
    pair["metadata"]["uid"] = "as the API server gives it"
    code, told = planned(azure, pair)
    assert (code, told["findings"][0]["code"], told["notes"]) == (3, "AdoptionRefused", [])
    always = body("PeeringPair", app, data, adoptionPolicy="Always")
    assert actions(planned(azure, always)[1]) == [("UpdatePeering", "there")]

    pair["metadata"]["annotations"] = owned(there, back)
    code, told = planned(azure, pair)

    assert (code, actions(told), told["notes"]) == (1, [("UpdatePeering", "there")], [])
    assert "allowForwardedTraffic" in told["actions"][0]["detail"]


def owned(there: str, back: str, name: str = "a") -> dict[str, str]:
    """The annotation of a pair that made both peerings."""
    parts = {"vnet1ToVnet2": {"id": there, "origin": "Created"}, "vnet2ToVnet1": {"id": back, "origin": "Created"}}
    return {"vnetlink.dev/owned": json.dumps({"installation": "any", "object": f"default/{name}", "parts": parts})}


def test_a_file_from_git_is_taken_to_own_the_peerings_that_stand_and_the_other_case_is_told(
    azure: ArmsimProcess,
) -> None:
    app, data = two(azure)
    there = azure.peering(app, "there", data, allowForwardedTraffic=True)
    back = azure.peering(data, "back", app)

    code, told = planned(azure, body("PeeringPair", app, data), body("VNetLink", app, data, "link"))

    assert (code, told["findings"]) == (1, [])
    assert [(one["object"], one["action"]) for one in told["actions"]] == [
        ("PeeringPair default/a", "UpdatePeering"),
        ("VNetLink default/link", "UpdatePeering"),
    ]
    taken = {one["object"]: one["message"] for one in told["notes"] if "is taken as the object's own" in one["message"]}
    assert len(taken) == 2
    assert all(
        f"{there}, {back}. If it is not, nothing of it is changed: AdoptionRefused" in one for one in taken.values()
    )
    assert all("peering: {vnet1: {allowForwardedTraffic: true}}" in one for one in taken.values())

    link = body("VNetLink", app, data, "link")
    pair = body("PeeringPair", app, data, "link-peering")
    maker = {"apiVersion": link["apiVersion"], "kind": "VNetLink", "name": "link", "uid": "1", "controller": True}
    pair["metadata"] |= {"uid": "2", "ownerReferences": [maker], "annotations": owned(there, back, "link-peering")}
    code, told = planned(azure, link, pair)
    assert (code, actions(told)) == (1, [("UpdatePeering", "there")]), "a link's pair is planned with its link, once"
    assert not [one for one in told["notes"] if "is taken as the object's own" in one["message"]]


def test_a_link_from_git_grows_the_vnet_that_its_tag_names_and_of_an_untagged_one_nobody_knows(
    azure: ArmsimProcess,
) -> None:
    hub, made, theirs = (
        azure.vnet("hub", "10.0.0.0/16"),
        azure.vnet("made", "10.1.0.0/16"),
        azure.vnet("theirs", "10.2.0.0/16"),
    )
    tag(azure, made, "vnetlink-owner", "5ca1ab1e/VNetLink/team/grown")
    azure.peering(hub, "hub-made", made)
    azure.peering(made, "made-hub", hub)
    azure.peering(hub, "hub-theirs", theirs)
    azure.peering(theirs, "theirs-hub", hub)
    state = azure.state()
    for one in state["vnets"]:
        one["state"] = "Updating"  # what runs now hides nothing of what follows
    azure.replace_state(state)

    def grown(vnet: str, name: str, *prefixes: str) -> dict[str, Any]:
        subnets = [{"name": "new", "addressPrefix": f"{prefixes[-1][:-3]}/24"}] if prefixes[1:] else []
        create = {"location": "westeurope", "addressPrefixes": list(prefixes), "subnets": subnets}
        return body("VNetLink", hub, vnet, name, vnet2={"create": create})

    more = "10.1.0.0/16", "10.11.0.0/16"
    code, told = planned(azure, grown(made, "grown", *more))
    assert (code, actions(told)) == (
        1,
        [("ChangeAddressSpace", "made"), ("CreateSubnet", "new"), ("UpdatePeering", "hub-made")],
    )
    assert told["actions"][-1]["detail"] == "address space."
    assert any(f"is taken as the object's own: {made}." in one["message"] for one in told["notes"])

    elsewhere = grown(made, "grown", *more)
    elsewhere["metadata"]["namespace"] = "other"
    for link, vnet in ((elsewhere, made), (grown(theirs, "b", "10.2.0.0/16", "10.12.0.0/16"), theirs)):
        code, told = planned(azure, link)
        assert (code, told["actions"]) == (2, [])
        assert f"ChangeAddressSpace {vnet} To" in told["unread"][0]["message"]
        assert "--dry-run=server" in told["unread"][0]["message"]

    live = grown(theirs, "b", "10.2.0.0/16", "10.12.0.0/16")
    live["metadata"]["uid"] = "as the API server gives it"
    code, told = planned(azure, grown(theirs, "b", "10.2.0.0/16"), live)
    assert (code, told["actions"], told["unread"]) == (0, [], []), "selected and left alone"
    assert writes(azure) == []


def tag(azure: ArmsimProcess, id: str, name: str, value: str) -> None:
    azure.put(id, {**azure.get(id), "tags": {name: value}})


def test_what_observes_or_is_suspended_is_planned_and_said_to_be_held_back(azure: ArmsimProcess) -> None:
    app, data = two(azure)

    code, told = planned(azure, body("PeeringPair", app, data, managementPolicy="Observe", suspend=True))

    assert (code, len(told["actions"])) == (1, 2)
    assert [one["message"].partition(":")[0] for one in told["notes"]] == ["is suspended", "is told to Observe"]


def test_what_cannot_be_read_is_an_error(azure: ArmsimProcess) -> None:
    app, data = two(azure)
    azure.roles({azure.env["AZURE_CLIENT_ID"]: []})

    code, told, _ = plan(azure, "-f", "-", stdin=yaml.safe_dump(body("PeeringPair", app, data)))

    assert code == 2
    assert "AuthorizationFailed" in told
    assert "PeeringPair default/a: " in told
    assert "Nothing would be written" not in told


VNET = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("a: [", "stdin: line 1"),
        ("- 1", "stdin: document 1: is no object"),
        ("---\n---\nkind: Secret\napiVersion: v1", "stdin: document 2: kind: v1 Secret is not one of VNetLink"),
        (yaml.safe_dump(body("PeeringPair", f"{VNET}/app", "/nonsense")), "stdin: document 1: PeeringPair default/a: spec.vnet2.id:"),
        ("apiVersion: vnetlink.dev/v1alpha1\nkind: VNetLink", "stdin: document 1: metadata.name: is missing"),
        ("apiVersion: vnetlink.dev/v1alpha1\nkind: VNetLink\nspec: {1: x}", "stdin: document 1: spec: the name 1 must be text"),
    ],
)  # fmt: skip
def test_a_document_that_cannot_be_used_is_named_with_its_field_and_azure_is_not_asked(
    azure: ArmsimProcess, text: str, complaint: str
) -> None:
    code, told, wrong = plan(azure, "-f", "-", stdin=text)

    assert (code, told) == (2, "")
    assert f"vnetlink: {complaint}" in wrong
    assert sent(azure) == []


def test_a_file_that_is_not_there_is_named(azure: ArmsimProcess, tmp_path: Path) -> None:
    code, told, wrong = plan(azure, "-f", str(tmp_path / "none.yaml"))

    assert (code, told) == (2, "")
    assert "none.yaml: No such file or directory" in wrong
