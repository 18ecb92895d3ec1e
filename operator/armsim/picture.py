"""VNets and what joins them as one SVG. Each side of a peering is half a line, so that two sides can differ. Pure text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import cos, pi, sin

WIDTH = 960
BOX_WIDTH, BOX_HEIGHT = 148, 46
LABELLED = 14

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Node:
    """`mood` is a CSS class, `lines` what is written in the box; `about` is shown on hovering."""

    key: str
    lines: tuple[str, ...]
    mood: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True)
class Half:
    """One direction, drawn from its own end to the middle; a tunnel is dashed and runs beside the peering."""

    near: str
    far: str
    label: str
    mood: str
    about: str
    dashed: bool = False


def draw(nodes: Sequence[Node], halves: Sequence[Half]) -> str:
    """Halves whose ends are not among the nodes are left out."""
    places = _places(nodes)
    lines = [_half(one, places, len(nodes) <= LABELLED) for one in halves if {one.near, one.far} <= places.keys()]
    boxes = [_box(one, places[one.key]) for one in nodes]
    return (
        f'<svg viewBox="0 0 {WIDTH} {_height(len(nodes))}" role="img" aria-label="virtual networks and what joins them">'
        f"{''.join(lines)}{''.join(boxes)}</svg>"
    )


def _height(count: int) -> int:
    """As flat as the boxes allow."""
    return 110 if count <= 2 else 300 if count <= 6 else 520


def _places(nodes: Sequence[Node]) -> Mapping[str, Point]:
    """On an ellipse; the first is at the left."""
    height = _height(len(nodes))
    middle = (WIDTH / 2, height / 2)
    if len(nodes) == 1:
        return {nodes[0].key: middle}
    wide, high = WIDTH / 2 - BOX_WIDTH / 2 - 8, height / 2 - BOX_HEIGHT / 2 - 8
    turn = 2 * pi / max(1, len(nodes))
    return {
        one.key: (middle[0] - wide * cos(turn * index), middle[1] - high * sin(turn * index))
        for index, one in enumerate(nodes)
    }


def _box(node: Node, place: Point) -> str:
    left, top = place[0] - BOX_WIDTH / 2, place[1] - BOX_HEIGHT / 2
    first = place[1] + 4 - 7 * (len(node.lines) - 1)
    texts = "".join(
        f'<text x="{place[0]:.0f}" y="{first + 15 * index:.0f}"{" class=small" if index else ""}>{escape(line)}</text>'
        for index, line in enumerate(node.lines)
    )
    return (
        f'<g class="vnet {node.mood}" data-vnet="{escape(node.key)}"><title>{escape(node.about)}</title>'
        f'<rect x="{left:.0f}" y="{top:.0f}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="6"/>{texts}</g>'
    )


def _half(half: Half, places: Mapping[str, Point], labelled: bool) -> str:
    (x1, y1), (x2, y2) = places[half.near], places[half.far]
    across, down = x2 - x1, y2 - y1
    length = max(1.0, (across**2 + down**2) ** 0.5)
    # Beside the direct line for a tunnel: to the same side, whichever end it is seen from.
    sign = 1 if (x1, y1) < (x2, y2) else -1
    shift = 12 * sign if half.dashed else 0
    dx, dy = -down / length * shift, across / length * shift
    start, end = (x1 + dx, y1 + dy), ((x1 + x2) / 2 + dx, (y1 + y2) / 2 + dy)
    kind = "tunnel" if half.dashed else "peering"
    line = f'<line x1="{start[0]:.0f}" y1="{start[1]:.0f}" x2="{end[0]:.0f}" y2="{end[1]:.0f}"/>'
    return f'<g class="{kind} {half.mood}"><title>{escape(half.about)}</title>{line}{_label(half, start, end, labelled)}</g>'


def _label(half: Half, start: Point, end: Point, labelled: bool) -> str:
    if not labelled:
        return ""
    along = 0.75 if half.dashed else 0.6
    x, y = start[0] + (end[0] - start[0]) * along, start[1] + (end[1] - start[1]) * along
    return f'<text x="{x:.0f}" y="{y - 6 if not half.dashed else y + 14:.0f}" class="small">{escape(half.label)}</text>'
