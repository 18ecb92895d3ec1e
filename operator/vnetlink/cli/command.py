"""Runs one command: builds what it reads with, prints its answer, returns its exit code."""

from __future__ import annotations

import asyncio
import os
import sys

from vnetlink.azure.arm import Arm
from vnetlink.azure.cloud import Cloud, InvalidCloud
from vnetlink.azure.identities import Identities
from vnetlink.cli.explain import Answer, Explanation, explain
from vnetlink.config import Explain
from vnetlink.domain.arm_id import InvalidId, VnetId
from vnetlink.domain.sides import PerSide


def run(command: Explain) -> int:
    """The exit code: 0 connected, 1 not, 2 unknown, which a command that cannot be carried out is, too."""
    try:
        azure = command.azure
        cloud = Cloud.of(azure.cloud, azure.arm_endpoint, azure.authority_host)
        vnets = PerSide(VnetId.parse(command.vnet1), VnetId.parse(command.vnet2))
        if vnets.vnet1 == vnets.vnet2:
            raise InvalidId("both ids are the same virtual network: name two different ones")
    except (InvalidCloud, InvalidId) as wrong:
        print(f"vnetlink: {wrong}", file=sys.stderr)
        return Answer.UNKNOWN
    told = asyncio.run(_explained(cloud, vnets))
    print(told.as_json() if command.output == "json" else told.as_text())
    return told.answer


async def _explained(cloud: Cloud, vnets: PerSide[VnetId]) -> Explanation:
    identities = Identities(cloud, os.environ)
    arm = Arm(cloud, identities)
    try:
        return await explain(arm, identities.operator, vnets)
    finally:
        await arm.close()
