"""GET /_armsim/: what the simulated Azure holds and does, for a person's eyes. Reads the core, changes nothing."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from . import picture
from .messages import Response
from .picture import Half, Node
from .resources import connection_status
from .resources.peering_body import sync_level
from .store import Connection, Peering, Vnet, World

if TYPE_CHECKING:
    from .core import Core

SHOWN_VNETS = 30
SHOWN_ROWS = 20
GUID = "00000000-0000-0000-0000-000000000000"
# Nothing from elsewhere, and nothing that a name in the world could smuggle in.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; img-src data:"

STYLE = """
:root { color-scheme: light dark; --line: #8884; --good: #1a7f37; --wait: #b07d00; --bad: #cf222e; }
body { font: 15px/1.45 system-ui, sans-serif; margin: 1.2rem auto; max-width: 62rem; padding: 0 1rem; }
h1 { font-size: 1.3rem; margin: 0 } h2 { font-size: 1rem; margin: 1.4rem 0 .3rem }
table { border-collapse: collapse; width: 100%; font-size: .87rem }
td, th { text-align: left; padding: .15rem .6rem .15rem 0; border-bottom: 1px solid var(--line); vertical-align: top }
td.path { overflow-wrap: anywhere } p { margin: .2rem 0; opacity: .8 } svg { width: 100%; height: auto }
svg text { font: 13px system-ui, sans-serif; text-anchor: middle; fill: CanvasText } svg .small { font-size: 11px }
.peering text, .tunnel text { paint-order: stroke; stroke: Canvas; stroke-width: 4px }
svg rect { fill: Canvas; stroke: #6a7a8a; stroke-width: 1.5 } svg .gone rect { stroke-dasharray: 4 3; opacity: .6 }
svg .wait rect { stroke: var(--wait) } svg .bad rect { stroke: var(--bad) }
line { stroke: #6a7a8a; stroke-width: 2.5 } .tunnel line { stroke-dasharray: 7 4 }
.good line { stroke: var(--good) } .wait line { stroke: var(--wait) } .bad line { stroke: var(--bad) }
td.good { color: var(--good) } td.wait { color: var(--wait) } td.bad { color: var(--bad) }
#silent { color: var(--bad); display: none }
"""
SCRIPT = """
const live = document.getElementById('live'), silent = document.getElementById('silent');
let last = '';
async function look() {
  try {
    const text = await (await fetch('/_armsim/live')).text();
    if (text !== last) { live.innerHTML = text; last = text; }
    silent.style.display = 'none';
  } catch { silent.style.display = 'block'; }
}
setInterval(look, 1000);
"""


def whole(core: Core, now: float) -> Response:
    text = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>armsim</title><link rel="icon" href="data:,">'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head><body><h1>armsim</h1>'
        f'<p id="silent">armsim does not answer.</p><main id="live">{_live(core, now)}</main>'
        f"<script>{SCRIPT}</script></body></html>"
    )
    return _html(text)


def live(core: Core, now: float) -> Response:
    """The part that changes; the page asks for it every second."""
    return _html(_live(core, now))


def _html(text: str) -> Response:
    headers = {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": POLICY}
    return Response(200, headers, text.encode("utf-8", "replace"))


def _live(core: Core, now: float) -> str:
    tunnels = _tunnels(core.world, core.clock.at(now))
    parts = (_summary(core, now), _networks(core.world, tunnels), _connections(tunnels), _faults(core), _requests(core))
    return "".join(parts)


def _summary(core: Core, now: float) -> str:
    world = core.world
    running = sum(one.status == "InProgress" for one in world.operations.values())
    moment = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(core.clock.at(now)))
    speed = "ends operations at once" if core.settings.instant else f"speed {core.clock.speed:g}"
    return (
        f"<p>{moment} UTC in the simulated Azure, {speed}. {len(world.groups)} resource groups, {len(world.vnets)} virtual "
        f"networks, {len(world.gateways)} gateways, {running} operations running.</p>"
    )


# --- the picture


def _networks(world: World, tunnels: Sequence[_Tunnel]) -> str:
    chosen = _chosen(world)
    if not chosen:
        return "<h2>Virtual networks</h2><p>None yet. Try: az network vnet create -g rg -n hello</p>"
    keys = {one.key for one in chosen}
    nodes = [_node(one, world) for one in chosen] + list(_ghosts(chosen, world))
    halves = [_peering(world, one, each) for one in chosen for each in one.peerings]
    halves += [_tunnel(one) for one in tunnels]
    left_out = (
        f"<p>The {len(keys)} with most peerings of {len(world.vnets)}.</p>" if len(world.vnets) > len(keys) else ""
    )
    return f"<h2>Virtual networks</h2>{left_out}{picture.draw(nodes, halves)}"


def _chosen(world: World) -> list[Vnet]:
    found = list(world.vnets.values())
    if len(found) > SHOWN_VNETS:
        found = sorted(found, key=lambda one: -len(one.peerings))[:SHOWN_VNETS]
    return sorted(found, key=lambda one: one.key)


def _node(vnet: Vnet, world: World) -> Node:
    gateway = any(one.name == "GatewaySubnet" for one in vnet.subnets) and _has_gateway(vnet, world)
    second = ", ".join(vnet.prefixes[:1]) + (" …" if len(vnet.prefixes) > 1 else "") + (" · gateway" if gateway else "")
    about = f"{vnet.id}\n{vnet.location}, {', '.join(vnet.prefixes)}\n{vnet.state}"
    return Node(vnet.key, (vnet.name[:20], second), MOODS.get(vnet.state, ""), about)


def _has_gateway(vnet: Vnet, world: World) -> bool:
    return any(network_of(one.subnet) == vnet.key for gateway in world.gateways.values() for one in gateway.ips)


def network_of(subnet_id: str) -> str:
    return subnet_id.lower().rpartition("/subnets/")[0]


def _ghosts(chosen: Sequence[Vnet], world: World) -> Iterator[Node]:
    """Remote networks that are gone, so that what still points there can be seen."""
    remotes = {each.remote_key: each.remote for one in chosen for each in one.peerings}
    for key, remote in sorted(remotes.items()):
        if key not in world.vnets:
            yield Node(key, (remote.rpartition("/")[2][:20], "does not exist"), "gone", remote)


def _peering(world: World, vnet: Vnet, peering: Peering) -> Half:
    """Its state, and its sync level where that is what is wrong."""
    level = sync_level(world, vnet, peering)
    stale = peering.status == "Connected" and level != "FullyInSync"
    label = f"{peering.status}, {level}" if stale else peering.status
    about = f"{peering.name}: {vnet.name} → {peering.remote.rpartition('/')[2]}\n{label}, {peering.state}"
    return Half(vnet.key, peering.remote_key, label, "wait" if stale else MOODS.get(peering.status, ""), about)


# --- connections


@dataclass(frozen=True, slots=True)
class _Tunnel:
    """A connection with the networks that its gateways stand in; empty where an end is no gateway of ours."""

    connection: Connection
    near: str
    far: str
    status: str


def _tunnels(world: World, virtual: float) -> list[_Tunnel]:
    home = {one.key: network_of(one.ips[0].subnet) for one in world.gateways.values() if one.ips}
    return [
        _Tunnel(one, home.get(one.near.lower(), ""), home.get(one.far.lower(), ""), _status(one, virtual))
        for one in sorted(world.connections.values(), key=lambda each: each.key)
    ]


def _status(one: Connection, virtual: float) -> str:
    return one.state if one.state != "Succeeded" else connection_status.status(one, virtual)


def _tunnel(one: _Tunnel) -> Half:
    about = f"connection {one.connection.name}\n{one.status}"
    return Half(one.near, one.far, f"VPN {one.status}", MOODS.get(one.status, ""), about, dashed=True)


def _connections(tunnels: Sequence[_Tunnel]) -> str:
    if not tunnels:
        return ""
    rows = [
        (one.connection.name, _last(one.connection.near), _last(one.connection.far), one.status)
        for one in tunnels[:SHOWN_ROWS]
    ]
    return _table("Connections", ("connection", "from gateway", "to gateway", "status"), rows)


def _last(resource_id: str) -> str:
    return resource_id.rpartition("/")[2]


MOODS: Mapping[str, str] = {
    "Connected": "good",
    "Initiated": "wait",
    "Disconnected": "bad",
    "NotConnected": "bad",
    "Connecting": "wait",
    "Unknown": "wait",
    "Updating": "wait",
    "Deleting": "wait",
    "Failed": "bad",
}

# --- the tables


def _faults(core: Core) -> str:
    rows = [
        (one.id, one.kind, f"{one.method.pattern} {one.path.pattern}", f"{one.hits} of {one.seen} matches hit")
        for one in core.faults.active.values()
    ]
    held = f"<p>{len(core.faults.held)} requests are being held.</p>" if core.faults.held else ""
    return _table("Active faults", ("fault", "kind", "matches", "so far"), rows) + held


def _requests(core: Core) -> str:
    rows = [
        (
            time.strftime("%H:%M:%S", time.gmtime(one.time)),
            one.method,
            str(one.status or "no answer"),
            one.path,
            one.fault,
        )
        for one in core.journal.newest(SHOWN_ROWS)
    ]
    return _table("Newest requests", ("time", "method", "status", "path", "fault"), rows)


def _table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["".join(_cell(name, value) for name, value in zip(columns, row, strict=True)) for row in rows]
    if not lines:
        return f"<h2>{title}</h2><p>None.</p>"
    head = "".join(f"<th>{one}</th>" for one in columns)
    return f"<h2>{title}</h2><table><tr>{head}</tr>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"


def _cell(column: str, value: str) -> str:
    if column == "path":
        return f'<td class="path" title="{escape(value[:400])}">{escape(_shortened(value[:400]))}</td>'
    kind = MOODS.get(value, "")
    return f'<td class="{kind}">{escape(value[:400])}</td>' if kind else f"<td>{escape(value[:400])}</td>"


def _shortened(target: str) -> str:
    """A path as a person tells it from others; the whole is shown on hovering."""
    path = target.partition("?")[0].replace("/providers/Microsoft.Network/", "/")
    parts = path.split("/")
    return "/".join(f"…{one[-4:]}" if len(one) == len(GUID) else one for one in parts)
