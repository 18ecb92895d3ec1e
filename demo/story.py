"""`make demo`: two VNets that nothing joins become a VNetLink, are broken, grown, blocked and mended; two more get a VPN.

Exits 0 only when every step was really seen, in kubectl's table and in Azure; otherwise 1 and the name of the step.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import yaml

from armsim_process import ArmError
from controlplane import build
from demo import processes
from demo.table import INDENT, NotSeen, Table
from link_estate import LinkEstate

SPEED = 60  # a minute of Azure's is a second here
PATIENCE = 60.0
WIDTH = 118
LINK = "app-to-data"
VPN = "weu-to-neu"
FLOW = {"direction": "Vnet1ToVnet2", "protocol": "Tcp", "destinationPort": 5432, "toSubnet": "db"}
RULE = {
    "name": "no-postgres",
    "properties": {
        "priority": 200,
        "direction": "Inbound",
        "access": "Deny",
        "protocol": "Tcp",
        "sourceAddressPrefix": "*",
        "sourcePortRange": "*",
        "destinationAddressPrefix": "*",
        "destinationPortRange": "5432",
    },
}
RULE_SAYS = ("no-postgres", "priority 200", "Inbound")
LONG_ID = re.compile(r"/subscriptions/[-0-9a-f]{36}/resourceGroups/[^/]+/providers/Microsoft.Network/")


def say(text: str) -> None:
    """A line for the person who watches."""
    print(text, flush=True)


def quote(text: str, first: str = "| ", more: str = "|   ") -> None:
    """What a program or a file says, but for the length of ids; long lines go on in the next."""
    wrapper = textwrap.TextWrapper(WIDTH, INDENT + first, INDENT + more, break_long_words=False, break_on_hyphens=False)
    for line in LONG_ID.sub("/…/", text).strip().splitlines():
        if line:
            say(wrapper.fill(line))


@dataclass
class Story:
    """What the steps share."""

    estate: LinkEstate
    table: Table
    patience: float
    app: str = ""
    data: str = ""
    mark: int = 0

    def play(self, name: str) -> None:
        """One step. Raises NotSeen."""
        STEPS[name](self)
        self.mark = self.table.mark()

    def expect(self, what: str, *words: str) -> None:
        """A line of the table, later than the last step's, with all these words in this order."""
        self.table.expect(what, lambda line: _in_order(line.split(), words), self.mark, self.patience)

    def eventually(self, what: str, holds: Callable[[], bool]) -> None:
        """Raises NotSeen."""
        deadline = time.monotonic() + self.patience
        while not holds():
            if time.monotonic() > deadline:
                raise NotSeen(f"{what}: not so within {self.patience:.0f} s")
            time.sleep(0.1)

    def azure_shows(self, what: str, holds: Callable[[], bool]) -> None:
        """Azure says the same: asked directly, not through the operator."""
        self.eventually(f"Azure shows {what}", holds)
        say(f"{INDENT}Azure says: {what}")

    def kubectl(self, *args: str) -> str:
        """The output of a command, both shown."""
        quote(f"kubectl {shlex.join(args)}", "$ ", "    ")
        told = self.estate.kubectl(*args)
        quote(told)
        return told

    def beneath(self, plural: str, name: str, link: str) -> None:
        """The pair that does the work, and whose it is."""
        self.kubectl("get", plural)
        path = "{.metadata.ownerReferences[*].kind} {.metadata.ownerReferences[*].name}"
        owner = self.estate.kubectl("get", plural, name, f"--output=jsonpath={path}")
        if owner != f"VNetLink {link}":
            raise NotSeen(f"{name} must belong to VNetLink {link}; its owner is {owner}")
        say(f"{INDENT}its owner: {owner}")

    def explains(self, code: int, *words: str) -> None:
        """`explain`, asked of Azure alone, ends with this code and says these words."""
        say(f"{INDENT}$ python -m vnetlink explain $APP $DATA")
        command = [sys.executable, "-m", "vnetlink", "explain", self.app, self.data]
        environment = {**os.environ, **self.estate.azure.env}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
        quote(f"{done.stdout}{done.stderr}exit code {done.returncode}")
        if done.returncode != code or not all(word in done.stdout for word in words):
            raise NotSeen(f"explain must end with {code} and say {', '.join(words)}")

    def states(self) -> list[str]:
        """peeringState of all peerings of the two VNets."""
        return [p["peeringState"] for vnet in (self.app, self.data) for p in self.estate.peerings(vnet).values()]

    def connected(self) -> bool:
        """Both directions stand in Azure."""
        return self.states() == ["Connected", "Connected"]

    def accepted(self) -> list[str]:
        """What the operator wrote to Azure and was taken, as METHOD name [sync]."""
        return self.estate.writes(accepted=True)


def look(story: Story) -> None:
    """Two VNets, app and data, that nothing joins: explain says so"""
    story.app, story.data = processes.four_vnets(story.estate.azure)
    story.explains(1, "1->2 Missing, 2->1 Missing")


def connect(story: Story) -> None:
    """Apply one VNetLink with two ids: both directions are made"""
    text = processes.manifest(LINK, story.app, story.data)
    quote(text)
    say(f"{INDENT}$ kubectl get vnetlinks --watch")
    story.estate.kubectl("apply", "--filename", "-", input=text)
    story.expect("READY True", LINK, "Peering", "Connected", "Connected", "True", "Connected")
    story.beneath("peeringpairs", f"{LINK}-peering", LINK)
    story.azure_shows(
        "app-data Connected, data-app Connected, two PUTs in all",
        lambda: story.connected() and story.accepted() == ["PUT app-data", "PUT data-app"],
    )


def break_one_side(story: Story) -> None:
    """Somebody deletes one side by hand: it is seen, and repaired in the only order Azure accepts"""
    story.estate.azure.delete(f"{story.data}/virtualNetworkPeerings/data-app")
    story.expect("PeeringDisconnected", LINK, "Missing", "False", "PeeringDisconnected")
    story.expect("READY True again", LINK, "Connected", "Connected", "True", "Connected")
    story.azure_shows("both Connected again", story.connected)


def grow(story: Story) -> None:
    """Add the prefix 10.3.0.0/16 to data: the side that does not know it is synced, and only that one"""
    vnet = story.estate.azure.get(story.data)
    vnet["properties"]["addressSpace"]["addressPrefixes"] = ["10.2.0.0/16", "10.3.0.0/16"]
    story.estate.azure.put(story.data, vnet)
    story.expect("out of sync", LINK, "Connected", "Connected", "False")
    story.expect("READY True again", LINK, "Connected", "Connected", "True", "Connected")
    story.azure_shows(
        "one sync in all, of app's peering",
        lambda: [word for word in story.accepted() if word.endswith("sync")] == ["PUT app-data sync"],
    )
    known = story.estate.peerings(story.app)["app-data"]["remoteAddressSpace"]["addressPrefixes"]
    say(f"{INDENT}app-data knows {', '.join(known)}")


def block(story: Story) -> None:
    """The app needs the database, and somebody closes its port: the rule is named, the link stands"""
    azure = story.estate.azure
    azure.put(_nsg(story), {"location": "westeurope", "properties": {"securityRules": [RULE]}})
    subnet = {"addressPrefix": "10.2.1.0/24", "networkSecurityGroup": {"id": _nsg(story)}}
    azure.put(f"{story.data}/subnets/db", {"properties": subnet})
    flows = json.dumps({"spec": {"requiredFlows": [FLOW]}})
    story.kubectl("patch", "vnetlink", LINK, "--type=merge", f"--patch={flows}")
    story.expect("NetworkSecurityBlocks", LINK, "Connected", "Connected", "True", "NetworkSecurityBlocks")
    path = '{range .status.findings[*]}{.severity}: {.message}{"\\n"}{.remediation}{"\\n"}{end}'
    told = story.kubectl("get", "vnetlink", LINK, f"--output=jsonpath={path}")
    if missing := [word for word in (*RULE_SAYS, "subnet db", "az network nsg rule show") if word not in told]:
        raise NotSeen(f"the finding must say {', '.join(missing)}")
    _traffic(story, "False", "NetworkSecurityBlocks")


def allow(story: Story) -> None:
    """Somebody removes the rule, and asks for a look: the traffic may pass"""
    story.estate.azure.delete(f"{_nsg(story)}/securityRules/{RULE['name']}")
    now = datetime.now(UTC).isoformat(timespec="seconds")
    story.kubectl("annotate", "vnetlink", LINK, "--overwrite", f"vnetlink.dev/reconcile-requested-at={now}")
    story.expect("REASON Connected", LINK, "Connected", "Connected", "True", "Connected")
    _traffic(story, "True", "NoBlockFound")


def explain(story: Story) -> None:
    """Ask again, past the operator: connected"""
    story.explains(0, "1->2 Connected, 2->1 Connected")


def encrypt(story: Story) -> None:
    """Two more VNets, and a link with encryption: IPsec. Gateways, connections and a key are made"""
    azure, spec = story.estate.azure, yaml.safe_load(processes.VPN_SAMPLE.read_text())["spec"]
    quote(yaml.safe_dump({name: spec[name] for name in ("encryption", "vpn")}, default_flow_style=None))
    began, at = time.monotonic(), azure.virtual()
    story.kubectl("apply", f"--filename={processes.VPN_SAMPLE.relative_to(Path.cwd())}")
    story.expect("GatewayProvisioning", VPN, "Vpn", "Missing", "Missing", "False", "GatewayProvisioning")
    story.expect("READY True", VPN, "Vpn", "Connected", "Connected", "True", "Connected")
    minutes, seconds = (azure.virtual() - at) / 60, time.monotonic() - began
    story.kubectl("get", "events", "--field-selector=reason=GatewayCreating", "--output=custom-columns=:.message")
    story.beneath("vpnpairs", f"{VPN}-vpn", VPN)
    story.azure_shows("both connections Connected, with the key that is in the Secret", lambda: _tunnelled(story))
    say(f"{INDENT}That took {minutes:.0f} minutes of Azure's time, {seconds:.0f} s here.")


def remove(story: Story) -> None:
    """Delete both links: what they made goes with them, and nothing else"""
    story.kubectl("delete", "vnetlinks", "--all", "--wait=false")
    story.azure_shows("no peering, connection, gateway or address is left; four VNets are", lambda: _cleared(story))
    story.eventually("no object is left", lambda: not story.estate.kubectl("get", "azure", "--output=name"))
    say(f"{INDENT}kubectl get azure: nothing is left")


STEPS: dict[str, Callable[[Story], None]] = {
    "look": look,
    "connect": connect,
    "break": break_one_side,
    "grow": grow,
    "block": block,
    "allow": allow,
    "explain": explain,
    "encrypt": encrypt,
    "remove": remove,
}


def _nsg(story: Story) -> str:
    return f"{story.estate.azure.group('rg')}/providers/Microsoft.Network/networkSecurityGroups/db-nsg"


def _traffic(story: Story, status: str, reason: str) -> None:
    found = story.estate.condition(LINK, "TrafficAllowed")
    say(f"{INDENT}TrafficAllowed {found['status']}, {found['reason']}")
    if (found["status"], found["reason"]) != (status, reason):
        raise NotSeen(f"TrafficAllowed must be {status}, {reason}")


def _tunnelled(story: Story) -> bool:
    """Two connections that stand, with one key."""
    ends = (("weu-neu", "weu"), ("neu-weu", "neu"))
    found = [story.estate.resource("connections", *end) or {"properties": {}} for end in ends]
    if [one["properties"].get("connectionStatus") for one in found] != ["Connected", "Connected"]:
        return False
    secret = base64.b64decode(story.estate.kubernetes_secret(f"{VPN}-key")["data"]["sharedKey"]).decode()
    return {story.estate.shared_key(*end) for end in ends} == {secret}


def _cleared(story: Story) -> bool:
    made = ("connections", "virtualNetworkGateways", "publicIPAddresses")
    left = [name for kind in made for group in ("weu", "neu") for name in story.estate.names(kind, group)]
    vnets = [name for group in ("rg", "weu", "neu") for name in story.estate.names("virtualNetworks", group)]
    return story.states() == left == [] and vnets == ["app", "data", "weu", "neu"]


def tell(dir: Path, patience: float, sabotage: dict[str, str]) -> int:
    """The whole story in `dir`; the exit code."""
    began = time.monotonic()
    say("\n[start] A Kubernetes API server, an Azure simulator and the operator")
    build.assets(lambda line: say(f"{INDENT}{line}"))
    with processes.estate(dir, str(SPEED)) as estate:
        say(f"{INDENT}ready after {time.monotonic() - began:.1f} s")
        table = Table(shutil.which("kubectl") or "kubectl", estate.cluster.kubeconfig)
        try:
            return _steps(Story(estate, table, patience), sabotage)
        finally:
            table.close()


def _steps(story: Story, sabotage: dict[str, str]) -> int:
    for number, (name, step) in enumerate(STEPS.items(), 1):
        say(f"\n[{number}/{len(STEPS)} {name}] {step.__doc__}")
        if name in sabotage:
            story.estate.azure.fault(**json.loads(sabotage[name]))
        try:
            story.play(name)
        except (NotSeen, ArmError, subprocess.CalledProcessError) as failure:
            say(f"\nFAILED at step {name}: {failure}\nThe operator's log: {story.estate.operator.log_path}")
            return 1
    return 0


def _in_order(line: list[str], words: tuple[str, ...]) -> bool:
    rest = iter(line)
    return all(word in rest for word in words)


def main() -> int:
    """Parse, run, clean up."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--patience", type=float, default=PATIENCE, help="seconds that each step may take")
    parser.add_argument(
        "--sabotage",
        action="append",
        default=[],
        metavar="STEP=JSON",
        help="an armsim fault from that step on (for tests)",
    )
    options = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # a shell's background job starts with SIGINT ignored
        signal.signal(number, signal.default_int_handler)
    began, dir = time.monotonic(), Path(tempfile.mkdtemp(prefix="vnetlink-demo-"))
    say(
        "vnetlink demo. Everything here is real, except Azure, which is simulated on this machine; a minute of its time is a"
    )
    say("second here. /…/ in ids stands for subscription, resource group and Microsoft.Network.")
    try:
        code = tell(dir, options.patience, dict(item.split("=", 1) for item in options.sabotage))
    except KeyboardInterrupt:
        say("\nInterrupted; everything has been stopped.")
        return 130
    if code == 0:
        shutil.rmtree(dir, ignore_errors=True)
        say(f"\nEvery step was seen, in {time.monotonic() - began:.0f} s. Try it yourself: make sandbox")
    return code


if __name__ == "__main__":
    sys.exit(main())
