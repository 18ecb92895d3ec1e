"""A plain HTTP door to a control plane that can be told to answer badly. One thread a connection; watches stream through."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import ssl
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import yaml

from controlplane.cluster import Cluster

ALL = ("GET", "PATCH", "POST", "PUT")
HOP = frozenset({"connection", "transfer-encoding", "content-length", "keep-alive", "host"})


class FailingApiServer:
    """While `status` is not 0, every request that `methods` names is answered with it, and so are open watches ended."""

    def __init__(self, cluster: Cluster, directory: Path) -> None:
        self.status, self.headers, self.methods, self.path, self.refused = 0, dict[str, str](), ALL, "", 0
        self.kubeconfig = directory / "through-the-door"
        document = yaml.safe_load(cluster.kubeconfig.read_text())
        trust = document["clusters"][0]["cluster"]
        self._tls = ssl.create_default_context(cadata=_text(trust["certificate-authority-data"]))
        identity = directory / "identity.pem"
        user = document["users"][0]["user"]
        identity.write_text(_text(user["client-certificate-data"]) + _text(user["client-key-data"]))
        self._tls.load_cert_chain(identity)
        self._address = cluster.url.removeprefix("https://")
        door = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                door._serve(self)

            do_POST = do_PUT = do_PATCH = do_GET

            def log_message(self, *_: object) -> None:
                """Nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        document["clusters"][0]["cluster"] = {"server": f"http://127.0.0.1:{self._server.server_port}"}
        document["users"][0]["user"] = {}
        self.kubeconfig.write_text(yaml.safe_dump(document))
        self._open: set[http.client.HTTPSConnection] = set()

    def __enter__(self) -> FailingApiServer:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._end_watches()

    def fail(self, status: int, *methods: str, path: str = "", **headers: str) -> None:
        """From now on; without methods all of them, and open watches end, too. `path`: only where it is part of the path."""
        self.methods, self.headers, self.path, self.refused = methods or ALL, headers, path, 0
        self.status = status
        if "GET" in self.methods and not path:
            self._end_watches()

    def mend(self) -> None:
        """Pass everything on again."""
        self.status = 0

    def _end_watches(self) -> None:
        for connection in tuple(self._open):
            if (open_socket := connection.sock) is not None:
                with contextlib.suppress(OSError):  # its own thread was faster
                    open_socket.shutdown(2)

    def _serve(self, asked: BaseHTTPRequestHandler) -> None:
        body = asked.rfile.read(int(asked.headers.get("Content-Length") or 0))
        if self.status and asked.command in self.methods and self.path in asked.path:
            self.refused += 1
            self._refuse(asked)
            return
        headers = {name: value for name, value in asked.headers.items() if name.lower() not in HOP}
        connection = http.client.HTTPSConnection(self._address, context=self._tls)
        self._open.add(connection)
        try:
            connection.request(asked.command, asked.path, body, headers)
            self._pass_on(asked, connection.getresponse())
        except (OSError, http.client.HTTPException):
            asked.close_connection = True
        finally:
            self._open.discard(connection)
            connection.close()

    def _pass_on(self, asked: BaseHTTPRequestHandler, answer: http.client.HTTPResponse) -> None:
        asked.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in HOP:
                asked.send_header(name, value)
        asked.send_header("Connection", "close")
        asked.end_headers()
        asked.close_connection = True
        while part := answer.read1(65536):
            asked.wfile.write(part)

    def _refuse(self, asked: BaseHTTPRequestHandler) -> None:
        said = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": "try later", "code": self.status}
        text = json.dumps(said).encode()
        asked.send_response(self.status)
        headers: Mapping[str, str] = {
            "Content-Type": "application/json",
            "Content-Length": str(len(text)),
            **self.headers,
        }
        for name, value in headers.items():
            asked.send_header(name.replace("_", "-"), value)
        asked.end_headers()
        asked.wfile.write(text)


def _text(encoded: str) -> str:
    return base64.b64decode(encoded).decode()
