"""`make demo`: two VNets become connected, are broken and out of sync, are mended, and are disconnected again.

Exits 0 only when every step was really seen, in kubectl's table and in Azure; otherwise 1 and the name of the step.
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from controlplane import build
from demo import processes
from demo.table import INDENT, NotSeen, Table
from estate import Estate

SPEED = "20"  # a peering operation takes Azure about 10 s, here half a second
PATIENCE = 30.0
PAIR = "app-to-data"


def say(text: str) -> None:
    """A line for the person who watches."""
    print(text, flush=True)


@dataclass
class Story:
    """What the steps share."""

    estate: Estate
    table: Table
    patience: float
    app: str = ""
    data: str = ""
    mark: int = 0
    since: int = 0

    def expect(self, what: str, *words: str) -> None:
        """A line of the table, later than the last step's, with all these words in this order."""
        self.table.expect(what, lambda line: _in_order(line.split(), words), self.mark, self.patience)

    def azure_shows(self, what: str, holds: Callable[[], bool]) -> None:
        """Azure says the same: asked directly, not through the operator."""
        deadline = time.monotonic() + self.patience
        while not holds():
            if time.monotonic() > deadline:
                raise NotSeen(f"Azure does not show it: {what}")
            time.sleep(0.1)
        say(f"{INDENT}Azure says: {what}")

    def states(self) -> list[str]:
        """peeringState of all peerings of the two VNets."""
        return [p["peeringState"] for vnet in (self.app, self.data) for p in self.estate.peerings(vnet).values()]

    def connected(self) -> bool:
        """Both directions stand in Azure."""
        return self.states() == ["Connected", "Connected"]


def connect(story: Story) -> None:
    """Apply one PeeringPair: both directions are made"""
    azure = story.estate.azure
    story.app, story.data = azure.vnet("app", "10.1.0.0/16"), azure.vnet("data", "10.2.0.0/16")
    text = processes.manifest(PAIR, story.app, story.data)
    say("".join(f"{INDENT}| {line}\n" for line in text.splitlines()))
    story.estate.kubectl("apply", "--filename", "-", input=text)
    story.expect("READY True", "Connected", "Connected", "InSync", "True", "Connected")
    story.azure_shows(
        "app-data Connected, data-app Connected, two PUTs in all", lambda: story.connected() and _puts(story) == 2
    )


def break_one_side(story: Story) -> None:
    """Delete one side behind the operator's back: Disconnected is seen"""
    story.estate.azure.delete(f"{story.data}/virtualNetworkPeerings/data-app")
    story.expect("Disconnected", "Disconnected", "Missing", "False", "PeeringDisconnected")


def repair(story: Story) -> None:
    """The operator repairs it, in the only order Azure accepts"""
    story.expect("READY True again", "Connected", "Connected", "InSync", "True", "Connected")
    story.azure_shows("both Connected again", story.connected)


def grow(story: Story) -> None:
    """Add the prefix 10.3.0.0/16 to VNet data: out of sync is seen"""
    story.since = story.estate.azure.last_request()
    story.estate.azure.vnet("data", "10.2.0.0/16", "10.3.0.0/16")
    story.expect("OutOfSync", "Connected", "Connected", "OutOfSync", "False")


def sync(story: Story) -> None:
    """The right side, and only that one, is synced"""
    story.expect("READY True again", "Connected", "Connected", "InSync", "True", "Connected")
    story.azure_shows(
        "one PUT, syncRemoteAddressSpace, on app's peering",
        lambda: story.estate.writes(story.since) == ["PUT app-data sync"],
    )
    known = story.estate.peerings(story.app)["app-data"]["remoteAddressSpace"]["addressPrefixes"]
    say(f"{INDENT}app-data knows {', '.join(known)}")


def remove(story: Story) -> None:
    """Delete the object: both peerings go with it"""
    story.estate.delete(PAIR, wait=False)
    story.azure_shows("no peering is left", lambda: story.states() == [] and not story.estate.exists(PAIR))


STEPS: dict[str, Callable[[Story], None]] = {
    "connect": connect,
    "break": break_one_side,
    "repair": repair,
    "grow": grow,
    "sync": sync,
    "remove": remove,
}


def tell(dir: Path, patience: float, sabotage: dict[str, str]) -> int:
    """The whole story in `dir`; the exit code."""
    began = time.monotonic()
    say("\n[start] A Kubernetes API server, an Azure simulator and the operator")
    build.assets(lambda line: say(f"{INDENT}{line}"))
    with processes.estate(dir, SPEED) as estate:
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
        mark = story.table.mark()
        try:
            step(story)
        except NotSeen as failure:
            say(f"\nFAILED at step {name}: {failure}\nThe operator's log: {story.estate.operator.log_path}")
            return 1
        story.mark = mark if name in LOOKED_AT_TWICE else story.table.mark()
    return 0


LOOKED_AT_TWICE = ("break", "grow")  # the next step may already stand in the table


def _puts(story: Story) -> int:
    return sum(write.startswith("PUT") for write in story.estate.writes())


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
    say("vnetlink demo. Everything here is real, except Azure, which is simulated on this machine.")
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
