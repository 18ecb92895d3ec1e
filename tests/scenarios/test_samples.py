"""Every file of deploy/samples, applied unchanged in the Azure that its comment asks for, does what its comment says."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

import az_words
from armsim_process import SUBSCRIPTION, SUBSCRIPTION_2, SUBSCRIPTION_B, TENANT_A, TENANT_B
from credential_estate import writes
from estate import eventually
from how_to import paste
from link_estate import LinkEstate
from vpn_scenes import unchanged

SAMPLES = Path(__file__).parents[2] / "deploy" / "samples"
FILES = sorted(path.name for path in SAMPLES.glob("*.yaml"))
SIDES = ("vnet1", "vnet2")


class Sample:
    """One file, and the cluster and the Azure that it is applied to."""

    def __init__(self, links: LinkEstate, path: Path) -> None:
        self.links, self.azure, self.path = links, links.azure, path
        self.documents: list[dict[str, Any]] = list(yaml.safe_load_all(path.read_text()))
        (link,) = (one for one in self.documents if one["kind"] == "VNetLink")
        self.name, self.spec = str(link["metadata"]["name"]), link["spec"]
        self.one, self.two = (str(self.spec[side]["id"]) for side in SIDES)
        self._looks = 0

    # --- what must exist before

    def vnet(self, vnet: str, prefix: str, **more: Any) -> None:
        """Make the VNet that the file names, in the group and subscription that it names."""
        _, _, subscription, _, group, *_, name = vnet.split("/")
        tenant = {"tenant": TENANT_B} if subscription == SUBSCRIPTION_B else {}
        self.azure.vnet(name, prefix, group=group, subscription=subscription, **tenant, **more)

    def vnets(self, prefix1: str, prefix2: str) -> None:
        """Make both."""
        self.vnet(self.one, prefix1)
        self.vnet(self.two, prefix2)

    def commands(self) -> None:
        """Run the kubectl commands of the comment."""
        found = re.findall(r"(?m)^#   kubectl (.+)$", self.path.read_text())
        assert found, "the comment says with which commands the Secret is made"
        for command in found:
            self.links.kubectl(*shlex.split(command))

    def beside(self, vnet: str, kind: str) -> str:
        """The id of the collection of this kind in the VNet's group."""
        return f"{vnet.partition('/virtualNetworks/')[0]}/{kind}"

    # --- what is done

    def apply(self) -> None:
        """The file as it is, by kubectl, with an operator that runs."""
        self.links.start()
        self.links.kubectl("apply", "--filename", str(self.path))

    def look(self) -> None:
        """Have the link looked at now, and its pair, which it asks; wait until both have been."""
        self._looks += 1
        asked = f"now-{self._looks}"
        self.links.kubectl(
            "annotate", self.links.kind, self.name, "--overwrite", f"vnetlink.dev/reconcile-requested-at={asked}"
        )
        for kind, name in (("peeringpair", f"{self.name}-peering"), (self.links.kind, self.name)):
            shown = ("get", kind, name, "--output", "jsonpath={.status.lastHandledReconcileAt}")
            eventually(f"{kind} looked at", lambda shown=shown: self.links.kubectl(*shown) == asked)

    # --- what is seen

    def ready(self, reason: str = "Connected") -> dict[str, Any]:
        """Ready is True with this reason; the status."""
        ready = self.links.wait_reason(self.name, reason, within=90)
        assert ready["status"] == "True"
        return self.links.status(self.name)

    def peering(self, vnet: str) -> dict[str, Any]:
        """The only peering of a VNet."""
        (found,) = self.links.peerings(vnet).values()
        return found

    def states(self) -> list[str]:
        """Azure's word for both peerings."""
        return [str(self.peering(vnet)["peeringState"]) for vnet in (self.one, self.two)]

    def resources(self) -> set[tuple[str, str]]:
        """(origin, onDelete) of every peering and connection in status."""
        shown = self.links.status(self.name)["resources"]
        pairs = [one for one in shown if re.search("/(virtualNetworkPeerings|connections)/", one["id"])]
        assert len(pairs) == 2
        return {(one["origin"], one["onDelete"]) for one in pairs}

    def delete(self) -> None:
        """kubectl delete, until the object is gone."""
        self.links.delete(self.name)


def same_region(sample: Sample) -> None:
    sample.vnets("10.1.0.0/16", "10.2.0.0/16")
    sample.apply()
    sample.ready()
    assert sample.states() == ["Connected", "Connected"]
    sample.delete()
    assert sample.links.peerings(sample.one) == sample.links.peerings(sample.two) == {}
    assert sample.azure.get(sample.one)
    assert sample.azure.get(sample.two)


def dr_global(sample: Sample) -> None:
    sample.vnet(sample.one, "10.3.0.0/16", location="westeurope")
    sample.vnet(sample.two, "10.4.0.0/16", location="northeurope")
    zone = sample.beside(sample.one, "privateDnsZones/shop.example")
    assert sample.azure.send("PUT", zone, {"location": "global"}).status in (201, 202)
    sample.apply()
    status = sample.ready()
    assert [status[side]["location"] for side in SIDES] == ["westeurope", "northeurope"]
    assert sample.states() == ["Connected", "Connected"]
    eventually("DnsLinked", lambda: sample.links.condition(sample.name, "DnsLinked").get("status") == "True")
    linked = sample.azure.get(f"{zone}/virtualNetworkLinks")["value"]
    assert {one["properties"]["virtualNetwork"]["id"].lower() for one in linked} == {
        sample.one.lower(),
        sample.two.lower(),
    }


def cross_subscription(sample: Sample) -> None:
    sample.vnets("10.5.0.0/16", "10.6.0.0/16")
    sample.apply()
    sample.ready()
    assert sample.states() == ["Connected", "Connected"]
    written = [one["subscription"] for one in writes(sample.azure, 0, sample.azure.env["AZURE_CLIENT_ID"])]
    assert sorted(written) == [SUBSCRIPTION, SUBSCRIPTION_2]
    assert [one["kind"] for one in sample.documents] == ["VNetLink"]


def cross_tenant(sample: Sample) -> None:
    sample.vnets("10.7.0.0/16", "10.8.0.0/16")
    sample.commands()
    sample.links.kubectl("delete", "secret", "group-app")  # once more, as the how-to says it
    shutil.copy(sample.path, sample.links.dir)
    sample.links.start()
    paste(sample.links, "cross-tenant.md", "2. The secret", THE_SECRET="the-app-s-secret")
    paste(sample.links, "cross-tenant.md", "3. Two credentials and the link")
    sample.ready()
    (client,) = {one["spec"]["clientId"] for one in sample.documents if one["kind"] == "AzureCredential"}
    sent = writes(sample.azure, 0, client)
    assert {one["subscription"]: one["tenant"] for one in sent} == {SUBSCRIPTION: TENANT_A, SUBSCRIPTION_B: TENANT_B}
    assert all(one["auxiliary"] for one in sent), "every write proves both tenants"
    assert sample.links.writes() == [], "the operator's own identity has no part in it"
    sample.delete()
    assert sample.links.peerings(sample.one) == {}


def partner_owns_the_other_half(sample: Sample) -> None:
    sample.vnets("10.9.0.0/16", "10.10.0.0/16")
    sample.apply()
    waiting = sample.links.wait_reason(sample.name, "WaitingForOtherSide")
    assert waiting["status"] == "False"
    assert sample.links.writes() == ["PUT ours-theirs"]
    az_words.run(sample.azure, waiting["message"])
    sample.look()
    sample.ready()
    sample.delete()
    assert sample.links.writes() == ["PUT ours-theirs", "DELETE ours-theirs"]
    assert len(sample.links.peerings(sample.two)) == 1


def hybrid_hub(sample: Sample) -> None:
    sample.vnet(sample.one, "10.11.0.0/16", subnets={"GatewaySubnet": "10.11.255.0/27"})
    sample.vnet(sample.two, "10.12.0.0/16")
    sample.apply()
    sample.ready("WaitingForGateway")
    assert sample.states() == ["Connected", "Connected"]
    assert sample.peering(sample.two)["useRemoteGateways"] is False
    sample.azure.gateway(sample.one)
    sample.look()
    sample.ready()
    assert sample.peering(sample.one)["allowGatewayTransit"] is True
    assert sample.peering(sample.two)["useRemoteGateways"] is True
    assert sample.links.writes() == ["PUT hub-spoke", "PUT spoke-hub", "PUT spoke-hub"]


def vpn_generated_key(sample: Sample) -> None:
    sample.vnets("10.13.0.0/16", "10.14.0.0/16")
    name = sample.spec["vpn"]["sharedKey"]["secretRef"]["name"]
    assert sample.links.kubernetes_secret(name) == {}
    sample.apply()
    sample.ready()
    assert sample.links.row(sample.name)[1:4] == ["Vpn", "Connected", "Connected"]
    keys = [
        sample.azure.get(f"{sample.beside(vnet, 'connections')}/{end}/sharedkey")["value"]
        for vnet, end in ((sample.one, "weu-neu"), (sample.two, "neu-weu"))
    ]
    assert keys[0] == keys[1]
    assert len(keys[0]) >= 32
    assert keys[0] not in json.dumps(sample.links.read(sample.name)) + sample.links.operator.log()
    assert sample.links.kubernetes_secret(name)["metadata"]["labels"]["vnetlink.dev/shared-key"] == "true"
    assert sample.resources() == {("Created", "Delete")}
    sample.delete()
    for vnet in (sample.one, sample.two):
        assert sample.azure.get(sample.beside(vnet, "virtualNetworkGateways"))["value"] == [], "no longer billed"


def encrypted_over_existing_gateways(sample: Sample) -> None:
    network = ("10.15", "10.16")
    gateways = []
    for vnet, prefix in zip((sample.one, sample.two), network, strict=True):
        sample.vnet(vnet, f"{prefix}.0.0/16", subnets={"GatewaySubnet": f"{prefix}.255.0/27"})
        gateways.append(sample.azure.gateway(vnet, f"{vnet.rpartition('/')[2]}-gw"))
    before = [sample.azure.get(gateway) for gateway in gateways]
    sample.commands()
    sample.apply()
    sample.ready()
    puts = [word for word in sample.links.writes() if word.startswith("PUT")]
    assert sorted(puts) == ["PUT office-plant", "PUT plant-office"], "connections and nothing else"
    sample.delete()
    assert unchanged(before, [sample.azure.get(gateway) for gateway in gateways])
    assert [sample.azure.get(sample.beside(vnet, "connections"))["value"] for vnet in (sample.one, sample.two)] == [
        [],
        [],
    ]


def create_both_vnets(sample: Sample) -> None:
    sample.apply()
    sample.ready()
    assert sample.states() == ["Connected", "Connected"]
    for side, vnet in zip(SIDES, (sample.one, sample.two), strict=True):
        wanted, made = sample.spec[side]["create"], sample.azure.get(vnet)
        assert made["location"] == wanted["location"]
        assert made["properties"]["addressSpace"]["addressPrefixes"] == wanted["addressPrefixes"]
        subnets = [(one["name"], one["properties"]["addressPrefix"]) for one in made["properties"]["subnets"]]
        assert subnets == [(one["name"], one["addressPrefix"]) for one in wanted["subnets"]]

    grown = sample.spec["vnet1"]["create"]
    grown["addressPrefixes"].append("10.117.0.0/16")
    grown["subnets"].append({"name": "back", "addressPrefix": "10.117.1.0/24"})
    sample.links.patch(sample.name, vnet1={"create": grown})
    eventually("the subnet", lambda: sample.azure.get(f"{sample.one}/subnets/back"))
    sample.look()

    def synced() -> bool:
        return "10.117.0.0/16" in sample.peering(sample.two)["remoteAddressSpace"]["addressPrefixes"]

    eventually("the sync", synced)
    sample.ready()

    sample.delete()
    for vnet in (sample.one, sample.two):
        assert sample.azure.get(vnet) is None
        assert sample.azure.get(vnet.partition("/providers/")[0]), "the group stays"


def adopt_and_own(sample: Sample) -> None:
    sample.vnets("10.19.0.0/16", "10.20.0.0/16")
    sample.azure.peering(sample.one, "by-hand", sample.two, allowForwardedTraffic=True)
    sample.azure.peering(sample.two, "also-by-hand", sample.one)
    sample.apply()
    sample.ready()
    assert sample.links.writes() == ["PUT by-hand"]
    assert sample.peering(sample.one)["allowForwardedTraffic"] is False
    assert sample.resources() == {("Adopted", "Delete")}
    sample.delete()
    assert sample.links.writes()[1:] == ["DELETE by-hand", "DELETE also-by-hand"]
    assert sample.links.peerings(sample.one) == sample.links.peerings(sample.two) == {}


def observe_with_required_flow(sample: Sample) -> None:
    sample.vnet(sample.one, "10.21.0.0/16", subnets={"web": "10.21.1.0/24"})
    sample.vnet(sample.two, "10.22.0.0/16", subnets={"sql": "10.22.1.0/24"})
    sample.azure.peering(sample.one, "theirs", sample.two)
    sample.azure.peering(sample.two, "also-theirs", sample.one)
    sample.apply()
    sample.ready()
    assert sample.links.condition(sample.name, "TrafficAllowed")["reason"] == "NoBlockFound"

    group = sample.beside(sample.two, "networkSecurityGroups/closed")
    everything = {f"{end}{what}": "*" for end in ("source", "destination") for what in ("AddressPrefix", "PortRange")}
    rule = {"priority": 100, "direction": "Inbound", "access": "Deny", "protocol": "Tcp", **everything}
    rule["destinationPortRange"] = "1433"
    rules = {"securityRules": [{"name": "no-sql", "properties": rule}]}
    sample.azure.put(group, {"location": "westeurope", "properties": rules})
    subnet = {"addressPrefix": "10.22.1.0/24", "networkSecurityGroup": {"id": group}}
    sample.azure.put(f"{sample.two}/subnets/sql", {"properties": subnet})
    sample.look()
    status = sample.ready("NetworkSecurityBlocks")
    assert sample.links.condition(sample.name, "TrafficAllowed")["status"] == "False"
    assert "no-sql" in json.dumps(status["findings"])

    sample.azure.delete(f"{sample.two}/virtualNetworkPeerings/also-theirs")
    sample.look()
    sample.links.wait_reason(sample.name, "PeeringDisconnected")
    assert sample.links.status(sample.name)["plannedActions"]
    sample.delete()
    assert sample.links.writes() == []
    assert list(sample.links.peerings(sample.one)) == ["theirs"]


STORIES: dict[str, Callable[[Sample], None]] = {
    f"{story.__name__.replace('_', '-')}.yaml": story
    for story in (
        same_region,
        dr_global,
        cross_subscription,
        cross_tenant,
        partner_owns_the_other_half,
        hybrid_hub,
        vpn_generated_key,
        encrypted_over_existing_gateways,
        create_both_vnets,
        adopt_and_own,
        observe_with_required_flow,
    )
}


def test_every_file_has_a_story_and_a_line_in_the_table() -> None:
    assert sorted(STORIES) == FILES
    table = re.findall(r"(?m)^\| \[`([a-z-]+\.yaml)`\]\(\1\) ", (SAMPLES / "README.md").read_text())
    assert sorted(table) == FILES


def test_no_two_files_are_about_the_same_object_or_pair() -> None:
    texts = [list(yaml.safe_load_all((SAMPLES / name).read_text())) for name in FILES]
    objects = [(one["kind"], one["metadata"]["name"]) for documents in texts for one in documents]
    assert len(set(objects)) == len(objects)
    links = [one["spec"] for documents in texts for one in documents if one["kind"] == "VNetLink"]
    vnets = [link[side]["id"].lower() for link in links for side in SIDES]
    assert len(set(vnets)) == len(vnets)


@pytest.mark.parametrize("name", FILES)
def test_a_sample_does_what_its_comment_says(links: LinkEstate, name: str) -> None:
    STORIES[name](Sample(links, SAMPLES / name))
