"""The one way to the API server: kubernetes.aio with a timeout on every request and an Answer instead of an exception.

Knows no resource; the modules beside it build the paths. Never retries: the work queue does.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

import aiohttp
import yaml
from kubernetes.aio import config as kube_config
from kubernetes.aio.client import ApiClient, Configuration
from kubernetes.aio.config import ConfigException

from vnetlink import metrics

CONNECT_TIMEOUT, TOTAL_TIMEOUT = 5.0, 30.0  # seconds; the client itself has none (design/kopf.md K27)
MERGE_PATCH = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"

Body = Mapping[str, Any]


class NoCluster(Exception):
    """There is no usable way to a cluster; `str()` says what was tried."""


@dataclass(frozen=True, slots=True)
class Connection:
    """Where the API server is and who we are there, for those who bring a client of their own (kopf)."""

    server: str
    ca_path: str | None
    insecure: bool
    authorization: str | None
    certificate_path: str | None
    private_key_path: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the API server said; status 0 = nothing that could be understood. `body` is the JSON object it sent.

    `body` may be a Secret, so it is not printed.
    """

    status: int
    body: Body = field(default_factory=dict, repr=False)
    retry_after: timedelta | None = None

    @property
    def ok(self) -> bool:
        """Whether it did what was asked."""
        return 200 <= self.status < 300

    @property
    def message(self) -> str:
        """One line for logs and for people."""
        said = str(self.body.get("message") or "").strip()
        if self.status == 0:
            return "the Kubernetes API server gave no answer" + (f": {said}" if said else "")
        return f"the Kubernetes API server answered {self.status}" + (f": {said[:300]}" if said else "")


async def load(kubeconfig: str | None, context: str | None) -> Configuration:
    """The client's configuration: the kubeconfig asked for, else in-cluster, else the usual file. Raises NoCluster."""
    configuration = Configuration()
    try:
        if kubeconfig is None and context is None and "KUBERNETES_SERVICE_HOST" in os.environ:
            kube_config.load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
        else:
            await kube_config.load_kube_config(  # type: ignore[no-untyped-call]
                kubeconfig, context, client_configuration=configuration, persist_config=False
            )
    except (ConfigException, OSError, TypeError, ValueError, yaml.YAMLError) as error:
        where = kubeconfig or "~/.kube/config"
        raise NoCluster(f"no cluster to talk to: {where}: {error}. Set KUBECONFIG or give --kubeconfig.") from error
    return configuration


async def connection(kubeconfig: str | None, context: str | None) -> Connection:
    """The same configuration, read anew, as plain values: tokens and certificates may have been renewed."""
    configuration = await load(kubeconfig, context)
    settings = await configuration.auth_settings()
    return Connection(
        server=configuration.host,
        ca_path=configuration.ssl_ca_cert,
        insecure=not configuration.verify_ssl,
        authorization=settings["BearerToken"]["value"] if "BearerToken" in settings else None,
        certificate_path=configuration.cert_file,
        private_key_path=configuration.key_file,
    )


class ApiServer:
    """Requests to one API server. After a 401 the next request reads the credentials anew.

    With `dry_run` every write is checked and answered by the API server but not kept. `may_write` is asked right before
    each write, and one that it forbids is not sent.
    """

    def __init__(
        self,
        kubeconfig: str | None,
        context: str | None,
        user_agent: str,
        dry_run: bool = False,
        may_write: Callable[[], bool] = lambda: True,
    ) -> None:
        self._kubeconfig, self._context, self._user_agent, self._may_write = kubeconfig, context, user_agent, may_write
        self._write_query = {"dryRun": "All"} if dry_run else {}
        self._client: ApiClient | None = None
        self._connecting = asyncio.Lock()

    async def connect(self) -> None:
        """Look for the cluster now. Raises NoCluster, which a request answers with: what is missing may come back."""
        await self._connected()

    async def get(self, path: str, query: Mapping[str, str] | None = None) -> Answer:
        """Read."""
        return await self._request("GET", path, query=query)

    async def post(self, path: str, body: Body) -> Answer:
        """Create."""
        return await self._write("POST", path, body)

    async def ask(self, path: str, body: Body) -> Answer:
        """A POST that keeps nothing (a review, a token): sent in a dry run, too."""
        return await self._request("POST", path, body=body)

    async def put(self, path: str, body: Body) -> Answer:
        """Replace; with metadata.resourceVersion in `body` only that version."""
        return await self._write("PUT", path, body)

    async def delete(self, path: str, options: Body) -> Answer:
        """Delete; `options` are DeleteOptions, with the preconditions. With a body the API server ignores the query."""
        dry = {"dryRun": [self._write_query["dryRun"]]} if self._write_query else {}
        return await self._write("DELETE", path, {**options, **dry})

    async def merge_patch(self, path: str, body: Body) -> Answer:
        """Change (RFC 7396: null removes, a list is replaced whole)."""
        return await self._write("PATCH", path, body, MERGE_PATCH)

    async def json_patch(self, path: str, operations: Sequence[Body]) -> Answer:
        """Change by operations (RFC 6902); a `test` that fails answers 422, and nothing was changed."""
        return await self._write("PATCH", path, operations, JSON_PATCH)

    async def close(self) -> None:
        """Close every connection."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()  # type: ignore[no-untyped-call]

    async def _write(
        self, method: str, path: str, body: Body | Sequence[Body], content_type: str = "application/json"
    ) -> Answer:
        found = await self._reached()  # it may take its time, and the question must come last
        if isinstance(found, Answer):
            return found
        if not self._may_write():
            return Answer(0, {"message": "not asked, because another process leads"})
        return await self._request(method, path, self._write_query, body, content_type)

    async def _request(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Body | Sequence[Body] | None = None,
        content_type: str = "application/json",
    ) -> Answer:
        client = await self._reached()
        if isinstance(client, Answer):
            return client
        answer = Answer(0)
        try:
            async with asyncio.timeout(TOTAL_TIMEOUT + CONNECT_TIMEOUT):
                answer = await _exchange(client, method, path, query, body, content_type)
        except (aiohttp.ClientError, ConfigException, OSError, TimeoutError, ValueError) as error:
            return Answer(0, {"message": f"{type(error).__name__} {error}".strip()})
        finally:
            metrics.REST_CLIENT.labels(
                str(answer.status or "<error>"), method, urlsplit(client.configuration.host).netloc
            ).inc()
        if answer.status == 401:
            await self._forget(client)
        return answer

    async def _reached(self) -> ApiClient | Answer:
        try:
            return await self._connected()
        except NoCluster as error:
            return Answer(0, {"message": str(error)})

    async def _connected(self) -> ApiClient:
        async with self._connecting:
            if self._client is None:
                self._client = ApiClient(await load(self._kubeconfig, self._context))
                self._client.user_agent = self._user_agent
            return self._client

    async def _forget(self, client: ApiClient) -> None:
        if self._client is client:
            self._client = None
            await client.close()  # type: ignore[no-untyped-call]


async def _exchange(
    client: ApiClient,
    method: str,
    path: str,
    query: Mapping[str, str] | None,
    body: Body | Sequence[Body] | None,
    content_type: str,
) -> Answer:
    request = await client.param_serialize(
        method,
        path,
        query_params=list((query or {}).items()),
        header_params={"Accept": "application/json", "Content-Type": content_type},
        body=body,
        auth_settings=["BearerToken"],
    )
    timeout = aiohttp.ClientTimeout(total=TOTAL_TIMEOUT, sock_connect=CONNECT_TIMEOUT)
    response = await client.call_api(*request, _request_timeout=timeout)
    text = await response.read()  # type: ignore[no-untyped-call]
    return Answer(response.status, _json(text, response.status), _retry_after(response.headers))


def _json(text: bytes, status: int) -> Body:
    """The JSON object in `text`. An error may come as plain text from a proxy; a success must be JSON (ValueError)."""
    try:
        document = json.loads(text) if text else {}
    except ValueError:
        if status < 400:
            raise
        return {"message": text[:300].decode("utf-8", "replace")}
    return document if isinstance(document, Mapping) else {}


def _retry_after(headers: Mapping[str, str]) -> timedelta | None:
    value = headers.get("Retry-After", "")
    return timedelta(seconds=min(int(value), 3600)) if value.isascii() and value.isdigit() else None


def path(*segments: str) -> str:
    """Segments as a path, each escaped: a name never becomes more than one segment, nor less. Raises ValueError."""
    if not all(segment.strip(".") for segment in segments):  # at worst `..` would lead to the list of all Secrets
        raise ValueError(f"{segments} are no path")
    return "/" + "/".join(quote(segment, safe="") for segment in segments)


def micro(moment: datetime) -> str:
    """A time in UTC as Kubernetes' MicroTime: always six digits."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
