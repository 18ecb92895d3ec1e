"""Runs one command: builds what it reads with, prints its answer, returns its exit code."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from vnetlink.azure.arm import Arm
from vnetlink.azure.cloud import Cloud, InvalidCloud
from vnetlink.azure.identities import Identities
from vnetlink.cli.documents import Document, documents
from vnetlink.cli.explain import Answer, explain
from vnetlink.cli.plan_files import plan_files
from vnetlink.cli.scan import scan
from vnetlink.config import Command, Config, Explain, PlanFiles, Scan
from vnetlink.domain.arm_id import InvalidId, VnetId
from vnetlink.domain.identity import Identity
from vnetlink.domain.sides import PerSide

T = TypeVar("T")

CANNOT = 2  # every command's exit code when it cannot be carried out


def run(command: Command) -> int:
    """The command's own exit code; 2 when it cannot be carried out."""
    try:
        match command:
            case Explain():
                return _explain(command)
            case Scan():
                return _scan(command)
            case PlanFiles():
                return _plan(command)
    except (InvalidCloud, InvalidId) as wrong:
        print(f"vnetlink: {wrong}", file=sys.stderr)
        return CANNOT


def _explain(command: Explain) -> Answer:
    vnets = PerSide(VnetId.parse(command.vnet1), VnetId.parse(command.vnet2))
    if vnets.vnet1 == vnets.vnet2:
        raise InvalidId("both ids are the same virtual network: name two different ones")
    told = _asked(command.azure, lambda arm, identity: explain(arm, identity, vnets))
    print(told.as_json() if command.output == "json" else told.as_text())
    return told.answer


def _scan(command: Scan) -> int:
    found = _asked(command.azure, lambda arm, identity: scan(arm, identity, command.subscriptions))
    print(found.shown(command.output))
    for id, unread in found.unread:
        print(f"vnetlink: {id} could not be read: {unread.message}", file=sys.stderr)
    return found.answer


def _plan(command: PlanFiles) -> int:
    """Nothing is asked of Azure before every document can be used."""
    read = [_file(name) for name in command.files]
    complaints = [complaint for _, wrong in read for complaint in wrong]
    for complaint in complaints:
        print(f"vnetlink: {complaint}", file=sys.stderr)
    if complaints:
        return CANNOT
    wanted = tuple(document for found, _ in read for document in found)
    sheet = _asked(command.azure, lambda arm, identity: plan_files(arm, identity, wanted))
    print(sheet.shown(command.output))
    return sheet.answer


def _file(name: str) -> tuple[tuple[Document, ...], tuple[str, ...]]:
    """The documents of a file, `-` being stdin, and what is wrong with it."""
    try:
        raw = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        return documents("stdin" if name == "-" else name, raw.decode())
    except OSError as wrong:
        return (), (f"{name}: {wrong.strerror}",)
    except UnicodeDecodeError:
        return (), (f"{name}: this is no UTF-8 text",)


def _asked(azure: Config, ask: Callable[[Arm, Identity], Awaitable[T]]) -> T:
    """What `ask` is told by Azure, as whoever the environment says we are."""
    return asyncio.run(_asking(Cloud.of(azure.cloud, azure.arm_endpoint, azure.authority_host), ask))


async def _asking(cloud: Cloud, ask: Callable[[Arm, Identity], Awaitable[T]]) -> T:
    identities = Identities(cloud, os.environ)
    arm = Arm(cloud, identities)
    try:
        return await ask(arm, identities.operator)
    finally:
        await arm.close()
