"""The pod's way to HTTPS: one connection pool and one trust store for ARM and login. Must never turn verification off."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from types import SimpleNamespace

import aiohttp
from azure.core.pipeline.transport import AioHttpTransport

CONNECT_TIMEOUT = 5.0
READ_TIMEOUT = 30.0
READS = frozenset({"GET", "HEAD"})


class NotLeading(Exception):
    """Not sent: this process cannot prove any more that no other one writes."""


class Wire:
    """Made at first use, inside the running loop. SSL_CERT_FILE and the proxy variables are followed.

    `may_write` is asked when the connection stands and the first byte of a request that is no read is about to go out: a
    process may be stopped for minutes at any line before that, while it connects, too.
    """

    def __init__(self, environ: Mapping[str, str], may_write: Callable[[], bool] = lambda: True) -> None:
        self._may_write = may_write
        self._authorities = environ.get("SSL_CERT_FILE") or None
        self._session: aiohttp.ClientSession | None = None

    def transport(self) -> AioHttpTransport:
        """A transport on the shared pool; closing it leaves the pool open."""
        if self._session is None:
            self._session = self._open()
        return AioHttpTransport(
            session=self._session,
            session_owner=False,
            connection_timeout=CONNECT_TIMEOUT,
            read_timeout=READ_TIMEOUT,
        )

    async def close(self) -> None:
        """Closes every connection."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open(self) -> aiohttp.ClientSession:
        trust = ssl.create_default_context(cafile=self._authorities)
        session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=trust),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,  # azure-core decompresses
            trace_configs=[self._fence()],
            trust_env=True,
        )
        # aiohttp sends a PUT or DELETE a second time, by itself, when a kept connection ends without an answer. The
        # second answer (200 instead of 201) would hide that the peering is ours; no public switch turns this off.
        session._retry_connection = False
        return session

    def _fence(self) -> aiohttp.TraceConfig:
        fence = aiohttp.TraceConfig()

        async def check(
            _: aiohttp.ClientSession, __: SimpleNamespace, sent: aiohttp.TraceRequestHeadersSentParams
        ) -> None:
            if sent.method not in READS and not self._may_write():
                raise NotLeading(sent.method)

        fence.on_request_headers_sent.append(check)
        return fence
