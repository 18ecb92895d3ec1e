"""As much of an OCI registry as `helm push` and `helm template oci://…` need: plain HTTP on the loopback, kept in memory."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


@contextmanager
def registry() -> Iterator[str]:
    """127.0.0.1:PORT, until the block ends."""
    kept: dict[str, tuple[str, bytes]] = {}  # path → content type and content

    class Handler(BaseHTTPRequestHandler):
        """The OCI distribution specification 1.1: blobs in one piece, manifests by tag and by digest."""

        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.answer(202, Location=f"{self.path}upload")

        def do_PUT(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            asked, digest = urlsplit(self.path), _digest(content)
            if parse_qs(asked.query).get("digest", [digest]) != [digest]:
                return self.answer(400)
            where = asked.path.replace("/uploads/upload", f"/{digest}")
            for path in (where, f"{where.rpartition('/')[0]}/{digest}"):
                kept[path] = (self.headers["Content-Type"], content)
            return self.answer(201, Location=where)

        def do_GET(self) -> None:
            if self.path not in kept:
                return self.answer(404)
            kind, content = kept[self.path]
            return self.answer(200, content, **{"Content-Type": kind, "Docker-Content-Digest": _digest(content)})

        do_HEAD = do_GET

        def answer(self, status: int, content: bytes = b"", **headers: str) -> None:
            self.send_response(status)
            for name, value in (headers | {"Content-Length": str(len(content))}).items():
                self.send_header(name, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
