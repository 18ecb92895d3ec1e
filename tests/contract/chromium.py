"""A real headless Chromium, driven through its DevTools protocol; installed from Debian when it is not there.

Standard library and aiohttp. `program()` raises NoBrowser, with the reason, where neither a browser nor root is at hand.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
DEADLINE = 60.0


class NoBrowser(Exception):
    """There is no Chromium and none can be installed; `str()` says why."""


def program() -> str:
    """Its path; installs Debian's package when this is root on a machine with apt-get."""
    found = _found()
    if found:
        return found
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise NoBrowser("no Chromium here, and no root with apt-get to install it: apt-get install chromium")
    _install()
    found = _found()
    if not found:
        raise NoBrowser("Debian's package chromium was installed, but there is no such program")
    return found


def _found() -> str | None:
    return next((path for path in map(shutil.which, NAMES) if path), None)


def _install() -> None:
    """Waits for a lock that another apt-get may hold."""
    options = ["-q", "-o", "DPkg::Lock::Timeout=300"]
    for step in (["update"], ["install", "-y", "--no-install-recommends", "chromium"]):
        print(f"chromium: apt-get {' '.join(step)} …", file=sys.stderr, flush=True)
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        done = subprocess.run(["apt-get", *options, *step], env=environment, capture_output=True, text=True)
        if done.returncode:
            raise NoBrowser(f"apt-get {' '.join(step)} failed: {done.stderr[-1000:]}")


class Tab:
    """One page. `asked` are the addresses of all requests that it made, `complaints` what its console said."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._reader = asyncio.create_task(self._read())
        self.asked: list[str] = []
        self.complaints: list[str] = []

    async def open(self, url: str) -> None:
        for domain in ("Page", "Network", "Runtime", "Log"):
            await self.send(f"{domain}.enable")
        await self.send("Page.navigate", url=url)
        await self.until("document.readyState === 'complete' && location.protocol === 'https:'")

    async def send(self, method: str, **params: Any) -> Any:
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": number, "method": method, "params": params})
        return await asyncio.wait_for(answer, DEADLINE)

    async def value(self, expression: str) -> Any:
        """Of a JavaScript expression, as JSON."""
        answer = await self.send("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    async def until(self, expression: str) -> None:
        """Looked at again whenever the page has drawn, until it is true."""
        wait = (
            f"new Promise(done => {{ const look = () => {{ try {{ if ({expression}) return done(true) }} catch {{}}"
            " setTimeout(look, 20) }; look() })"
        )
        async with asyncio.timeout(DEADLINE):
            while True:
                answer = await self.send("Runtime.evaluate", expression=wait, awaitPromise=True, returnByValue=True)
                if answer.get("result", {}).get("value") is True:
                    return  # else the page was left while we waited

    async def screenshot(self) -> bytes:
        """As PNG."""
        data = await self.send("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        return base64.b64decode(data["data"])

    async def _read(self) -> None:
        async for message in self._socket:
            event = message.json()
            if "id" in event:
                self._answers.pop(event["id"]).set_result(event.get("result", event))
            elif event["method"] == "Network.requestWillBeSent":
                self.asked.append(event["params"]["request"]["url"])
            elif event["method"] == "Log.entryAdded":
                self.complaints.append(event["params"]["entry"]["text"])
            elif event["method"] == "Runtime.exceptionThrown":
                self.complaints.append(str(event["params"]["exceptionDetails"]))


@contextlib.asynccontextmanager
async def tab(directory: Path) -> AsyncIterator[Tab]:
    """A browser with a profile of its own in `directory`; it ends with the block. The test CA is not checked."""
    command = [
        program(),
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--ignore-certificate-errors",
        "--remote-debugging-port=0",
        "--window-size=1100,1000",
        f"--user-data-dir={directory}",
        "about:blank",
    ]
    process = await asyncio.create_subprocess_exec(
        *command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env={**os.environ, "HOME": str(directory)}
    )
    try:
        port = await asyncio.wait_for(_port(process), DEADLINE)
        async with aiohttp.ClientSession() as session:
            async with session.get(f"http://127.0.0.1:{port}/json/list") as answer:
                pages = [one for one in await answer.json() if one["type"] == "page"]
            async with session.ws_connect(pages[0]["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                yield Tab(socket)
    finally:
        process.terminate()
        await process.communicate()


async def _port(process: asyncio.subprocess.Process) -> int:
    assert process.stderr is not None
    said = b""
    async for line in process.stderr:
        said += line
        if b"DevTools listening on" in line:
            return int(line.partition(b"127.0.0.1:")[2].partition(b"/")[0])
    raise NoBrowser(f"Chromium did not start: {said[-1000:].decode('utf-8', 'replace')}")


if __name__ == "__main__":
    try:
        print(program())
    except NoBrowser as none:
        sys.exit(f"chromium: {none}")
