"""Who this installation is: an id in the ConfigMap vnetlink-installation, made once, never overwritten, kept on uninstall."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vnetlink.kube.api import Answer, ApiServer, path

CONFIG_MAP, KEY = "vnetlink-installation", "id"


@dataclass(frozen=True, slots=True)
class Unknown:
    """The id can be neither read nor made; `message` says why and what to do. `lasting`: waiting alone does not help."""

    message: str
    lasting: bool


async def ensure(api: ApiServer, namespace: str, new_id: Callable[[], str]) -> str | Unknown:
    """The id, made when there is none. Of two that make it at the same time one wins and both get its id."""
    place = path("api", "v1", "namespaces", namespace, "configmaps")
    answer = await api.get(f"{place}/{CONFIG_MAP}")
    if answer.status == 404:
        answer = await api.post(place, _config_map(namespace, new_id()))
    if answer.status == 409:
        answer = await api.get(f"{place}/{CONFIG_MAP}")
    return _id(answer, namespace)


def _id(answer: Answer, namespace: str) -> str | Unknown:
    if answer.status == 404:
        return Unknown(f"namespace {namespace} does not exist; create it: kubectl create namespace {namespace}", True)
    if not answer.ok:
        lasting = answer.status == 403
        return Unknown(
            f"the ConfigMap {CONFIG_MAP} in namespace {namespace} cannot be read or made: {answer.message}", lasting
        )
    found = (answer.body.get("data") or {}).get(KEY, "").strip()
    if found:
        return str(found)
    return Unknown(
        f"the ConfigMap {CONFIG_MAP} in namespace {namespace} has no key {KEY!r}; put the installation's former id back, "
        f"or, if there never was one: kubectl -n {namespace} delete configmap {CONFIG_MAP}",
        True,
    )


def _config_map(namespace: str, value: str) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": CONFIG_MAP,
            "namespace": namespace,
            "labels": {"app.kubernetes.io/managed-by": "vnetlink"},
        },
        "data": {KEY: value},
    }
