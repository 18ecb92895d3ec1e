"""Fixtures of the contract tests of vnetlink.azure; each module brings the `simulator` that it needs."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from armsim_process import ArmsimProcess
from azure_bench import Bench, running


@pytest.fixture
def sim(simulator: ArmsimProcess) -> ArmsimProcess:
    """As new."""
    simulator.reset()
    simulator.clear_faults()
    simulator.clear_requests()
    return simulator


@pytest.fixture
async def bench(sim: ArmsimProcess) -> AsyncIterator[Bench]:
    """Our Arm against it."""
    async with running(Bench(sim)) as one:
        yield one
