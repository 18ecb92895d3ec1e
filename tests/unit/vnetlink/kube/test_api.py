"""A request to the API server is answered, whatever becomes of the way there."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import certifi
import pytest
from kubernetes.aio.config import incluster_config

from vnetlink.kube.api import Answer, ApiServer, NoCluster

UNKNOWN_TO_IT = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """Of a server that knows nobody."""

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(UNKNOWN_TO_IT)
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


def kubeconfig(place: Path, port: int) -> str:
    cluster = {"name": "c", "cluster": {"server": f"http://127.0.0.1:{port}"}}
    context = {"name": "c", "context": {"cluster": "c", "user": "u"}}
    users = [{"name": "u", "user": {"token": "t"}}]
    place.write_text(json.dumps({"clusters": [cluster], "contexts": [context], "users": users, "current-context": "c"}))
    return str(place)


async def everything(server: ApiServer) -> list[Answer]:
    return [await server.get("/x"), await server.put("/x", {}), await server.ask("/x", {})]


@pytest.mark.parametrize("now", ["", "{", "clusters: []", None], ids=["empty", "cut", "no cluster", "gone"])
async def test_a_kubeconfig_that_is_lost_after_a_401_is_an_answer_and_is_read_again_when_it_is_back(
    tmp_path: Path, port: int, now: str | None
) -> None:
    place = tmp_path / "config"
    server = ApiServer(kubeconfig(place, port), None, "test")
    await server.connect()
    assert (await server.get("/x")).status == 401
    place.unlink() if now is None else place.write_text(now)
    for answer in await everything(server):
        assert answer.status == 0
        assert "no cluster to talk to" in answer.message
    with pytest.raises(NoCluster):
        await server.connect()
    kubeconfig(place, port)
    assert (await server.put("/x", {})).status == 401
    await server.close()


async def test_a_token_that_cannot_be_read_when_it_is_due_again_is_an_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = tmp_path / "token"
    token.write_text("t")
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "1")
    monkeypatch.setattr(incluster_config, "SERVICE_TOKEN_FILENAME", str(token))
    monkeypatch.setattr(incluster_config, "SERVICE_CERT_FILENAME", certifi.where())
    due_at_once = SimpleNamespace(datetime=datetime, timedelta=lambda minutes: timedelta(0))
    monkeypatch.setattr(incluster_config, "datetime", due_at_once)
    server = ApiServer(None, None, "test")
    await server.connect()
    token.write_text("")
    for answer in await everything(server):
        assert answer.status == 0
        assert "Token file exists but empty" in answer.message
    await server.close()
