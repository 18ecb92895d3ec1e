"""The page and its picture as text: what is chosen from many networks, and how things are drawn."""

from __future__ import annotations

import re

from armsim import picture
from armsim.page import SHOWN_ROWS, SHOWN_VNETS
from armsim.picture import Half, Node
from simulated_azure import Azure


def page(azure: Azure, path: str = "live") -> str:
    return azure.control("GET", path).body.decode()


def test_of_very_many_networks_the_best_connected_are_drawn() -> None:
    azure = Azure()
    made = [azure.vnet(f"v{number}", f"10.{number}.0.0/16") for number in range(SHOWN_VNETS + 5)]
    azure.peer(made[-1], made[0])
    text = page(azure)
    assert text.count('class="vnet ') == SHOWN_VNETS
    assert f">v{SHOWN_VNETS + 4}<" in text
    assert f"The {SHOWN_VNETS} with most peerings of {SHOWN_VNETS + 5}." in text


def test_it_shows_the_newest_requests_first_and_only_so_many() -> None:
    azure = Azure()
    for number in range(SHOWN_ROWS + 5):
        azure.send("GET", f"/subscriptions/s{number}")
    rows = re.findall(r">/subscriptions/s(\d+)<", page(azure))
    assert rows == [str(number) for number in range(SHOWN_ROWS + 4, 4, -1)]


def test_the_whole_page_allows_nothing_from_elsewhere() -> None:
    answer = Azure().control("GET", "")
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert not re.findall(r"(?:src|href)=\"(?!data:)", answer.body.decode())


def test_a_half_line_ends_in_the_middle_and_unknown_ends_are_left_out() -> None:
    nodes = [Node("a", ("a",)), Node("b", ("b",))]
    drawn = picture.draw(nodes, [Half("a", "b", "Connected", "good", ""), Half("a", "gone", "x", "", "")])
    (line,) = re.findall(r'<line x1="(\d+)" y1="(\d+)" x2="(\d+)" y2="(\d+)"', drawn)
    assert (int(line[2]), line[1]) == (picture.WIDTH // 2, line[3])


def test_text_is_escaped() -> None:
    drawn = picture.draw([Node('"><script>', ("<b>",), about="<i>")], [])
    assert "<script>" not in drawn
    assert "<b>" not in drawn
    assert "<i>" not in drawn
