"""Fixtures of the tiers that run real processes: a control plane a worker, an Azure and an estate a test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from armsim_process import ArmsimProcess
from controlplane.cluster import Cluster
from estate import OPERATOR_NAMESPACE, Estate, control_plane
from link_estate import LinkEstate, link_estate
from listening import Wire
from vpn_estate import VpnEstate, vpn_estate


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """One for each pytest worker, shared by its tests: leave its processes alone."""
    with control_plane(tmp_path_factory.mktemp("controlplane")) as running:
        yield running


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[ArmsimProcess]:
    """An Azure of its own for each test, whose operations end at once."""
    with ArmsimProcess(tmp_path / "armsim") as process:
        yield process


@pytest.fixture
def estate(cluster: Cluster, azure: ArmsimProcess, tmp_path: Path) -> Iterator[Estate]:
    """Cluster, Azure and an operator that is not started yet; no object survives the test."""
    cluster.kubectl("create", "namespace", OPERATOR_NAMESPACE, check=False)
    estate = Estate(cluster, azure, tmp_path)
    try:
        yield estate
    finally:
        estate.clean()


@pytest.fixture
def vpn(cluster: Cluster, azure: ArmsimProcess, tmp_path: Path) -> Iterator[VpnEstate]:
    """As `estate`, with the words of a VpnConnectionPair."""
    with vpn_estate(cluster, azure, tmp_path) as estate:
        yield estate


@pytest.fixture
def links(cluster: Cluster, azure: ArmsimProcess, tmp_path: Path) -> Iterator[LinkEstate]:
    """As `estate`, with the words of a VNetLink."""
    with link_estate(cluster, azure, tmp_path) as estate:
        yield estate


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    """Our clients and whoever they can be sent to, all in this process."""
    with Wire(tmp_path_factory.mktemp("wire")) as open:
        yield open
