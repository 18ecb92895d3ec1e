"""GET /_armsim/ in a real headless Chromium: what is drawn, that it is live, and that nothing comes from elsewhere."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from armsim_process import ArmsimProcess
from contract import chromium
from contract.chromium import Tab


@pytest.fixture(scope="module")
def browser() -> str:
    try:
        return chromium.program()
    except chromium.NoBrowser as none:
        pytest.skip(str(none))


@pytest.fixture
def armsim(tmp_path: Path) -> Iterator[ArmsimProcess]:
    with ArmsimProcess(tmp_path / "armsim") as process:
        yield process


@pytest.fixture
async def tab(browser: str, armsim: ArmsimProcess, tmp_path: Path) -> AsyncIterator[Tab]:
    async with chromium.tab(tmp_path / "profile") as page:
        await page.open(f"{armsim.endpoint}/_armsim/")
        yield page


def count(selector: str) -> str:
    return f"document.querySelectorAll('{selector}').length"


async def test_networks_and_both_sides_of_a_peering_appear_by_themselves(armsim: ArmsimProcess, tab: Tab) -> None:
    assert "None yet" in await tab.value("document.body.innerText")
    one, two = armsim.vnet("one", "10.1.0.0/16"), armsim.vnet("two", "10.2.0.0/16")
    armsim.peering(one, "to-two", two)
    await tab.until(f"{count('svg g.vnet')} === 2 && {count('svg g.peering.wait')} === 1")
    armsim.peering(two, "to-one", one)
    await tab.until(f"{count('svg g.peering.good')} === 2")
    armsim.vnet("one", "10.1.0.0/16", "10.9.0.0/16")
    await tab.until(f"{count('svg g.peering.wait')} === 2 && document.body.innerText.includes('LocalNotInSync')")
    armsim.delete(f"{two}/virtualNetworkPeerings/to-one")
    await tab.until(f"{count('svg g.peering')} === 1 && {count('svg g.peering.bad')} === 1")
    assert "Disconnected" in await tab.value("document.querySelector('svg').textContent")


async def test_connections_are_dashed_lines_with_their_status(armsim: ArmsimProcess, tab: Tab, tmp_path: Path) -> None:
    vpn = Vpn(armsim)
    armsim.put(*vpn.connection("one", "two", "same"))
    await tab.until(f"{count('svg g.tunnel.wait')} === 1 && {count('td.wait')} === 1")
    armsim.put(*vpn.connection("two", "one", "same"))
    armsim.vnet("three", "10.3.0.0/16")
    armsim.peering(armsim.vnet("four", "10.4.0.0/16"), "to-three", armsim.vnet("three", "10.3.0.0/16"))
    armsim.peering(vpn.network("one"), "to-two", vpn.network("two"))
    await tab.until(f"{count('svg g.tunnel.good')} === 2 && {count('td.good')} === 2")
    drawn = await tab.screenshot()
    assert drawn.startswith(b"\x89PNG")
    (tmp_path / "page.png").write_bytes(drawn)  # for whoever wants to look
    assert "gateway" in await tab.value("document.querySelector('svg').textContent")


class Vpn:
    """Two networks with a gateway each, of the same name."""

    def __init__(self, armsim: ArmsimProcess) -> None:
        self._group = armsim.group("rg")
        for number, name in enumerate(("one", "two")):
            subnets = {"GatewaySubnet": f"10.{number}.255.0/27"}
            vnet = armsim.vnet(name, f"10.{number}.0.0/16", subnets=subnets)
            sku = {"name": "Standard", "tier": "Regional"}
            properties = {"publicIPAllocationMethod": "Static"}
            address = f"{self._group}/providers/Microsoft.Network/publicIPAddresses/{name}-ip"
            armsim.put(
                address, {"location": "westeurope", "sku": sku, "zones": ["1", "2", "3"], "properties": properties}
            )
            armsim.gateway(vnet, name)

    def network(self, name: str) -> str:
        return f"{self._group}/providers/Microsoft.Network/virtualNetworks/{name}"

    def connection(self, near: str, far: str, key: str) -> tuple[str, dict[str, Any]]:
        gateways = f"{self._group}/providers/Microsoft.Network/virtualNetworkGateways"
        properties = {
            "connectionType": "Vnet2Vnet",
            "sharedKey": key,
            "virtualNetworkGateway1": {"id": f"{gateways}/{near}"},
            "virtualNetworkGateway2": {"id": f"{gateways}/{far}"},
        }
        path = f"{self._group}/providers/Microsoft.Network/connections/{near}-to-{far}"
        return path, {"location": "westeurope", "properties": properties}


async def test_it_shows_requests_and_faults_and_asks_nobody_else(armsim: ArmsimProcess, tab: Tab) -> None:
    fault = armsim.fault(method="GET", path="virtualNetworks/broken", status=503)
    armsim.group("rg")
    armsim.send("GET", "/subscriptions/x<b>y/resourceGroups/rg")
    group = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg"
    armsim.send("GET", f"{group}/providers/Microsoft.Network/virtualNetworks/broken")
    await tab.until("document.body.innerText.includes('virtualNetworks/broken')")
    await tab.until(f"document.body.innerText.includes('{fault}') && document.body.innerText.includes('1 of 1')")
    text = await tab.value("document.querySelector('#live').innerText")
    assert "x<b>y" in text or "x%3Cb%3Ey" in text
    assert await tab.value(count("b")) == 0
    assert {one.split("/_armsim")[0] for one in tab.asked if not one.startswith("data:")} == {armsim.endpoint}
    assert tab.complaints == []


async def test_a_name_from_the_world_is_text_and_never_markup(armsim: ArmsimProcess, tab: Tab) -> None:
    armsim.vnet("v", "10.0.0.0/8")
    armsim.fault(id="<img src=x onerror=document.title='hurt'>", path="<script>document.title='hurt'</script>")
    await tab.until("document.body.innerText.includes('onerror')")
    assert await tab.value(f"document.title + {count('#live img, #live script')}") == "armsim0"


async def test_it_says_when_armsim_is_gone_and_goes_on_when_it_is_back(armsim: ArmsimProcess, tab: Tab) -> None:
    silent = "getComputedStyle(document.getElementById('silent')).display"
    assert await tab.value(silent) == "none"
    armsim.stop()
    await tab.until(f"{silent} === 'block'")
    armsim.start()
    await tab.until(f"{silent} === 'none'")


async def test_a_remote_network_that_is_gone_is_drawn_as_gone(armsim: ArmsimProcess, tab: Tab) -> None:
    one, two = armsim.vnet("one", "10.1.0.0/16"), armsim.vnet("two", "10.2.0.0/16")
    armsim.peering(one, "to-two", two)
    armsim.delete(two)
    await tab.until(f"{count('svg g.gone')} === 1 && document.body.innerText.includes('does not exist')")


def test_a_program_that_asks_for_json_gets_numbers(armsim: ArmsimProcess) -> None:
    answer = armsim.send("GET", "/_armsim/", headers={"Accept": "application/json"})
    assert (answer.status, answer.body["name"], answer.body["vnets"]) == (200, "armsim", 0)


def test_an_unknown_type_is_answered_as_arm_does_and_logged_once(armsim: ArmsimProcess) -> None:
    group = armsim.group("rg")
    balancer = f"{group}/providers/Microsoft.Network/loadBalancers/b"
    for name in ("b", "c"):
        answer = armsim.send("GET", f"{balancer}{name}")
        assert (answer.status, answer.code) == (404, "InvalidResourceType")
    old = armsim.send("GET", f"{group}/providers/Microsoft.Network/virtualNetworks/v?api-version=2011-01-01")
    assert (old.status, old.code) == (400, "NoRegisteredProviderFound")
    log = (armsim.dir / "armsim.log").read_text().splitlines()
    assert log == [
        "armsim: Microsoft.Network/loadBalancers is not simulated and was answered as ARM answers an unknown one "
        "(docs/armsim.md lists what is simulated)",
        "armsim: Microsoft.Network/virtualNetworks at api-version 2011-01-01 is not simulated and was answered as ARM "
        "answers an unknown one (docs/armsim.md lists what is simulated)",
    ]
