"""What the API server serves and what it lets us do, asked before anything starts, told in one sentence each."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from vnetlink.domain.kinds import KINDS, PAIRS, VNET_LINKS
from vnetlink.kube.api import ApiServer, path
from vnetlink.kube.objects import GROUP, VERSION

INSTALL = "kubectl apply -k crds"


async def served(api: ApiServer) -> frozenset[str] | str:
    """Those of our kinds (plurals) that the API server serves, or why that cannot be told."""
    answer = await api.get(path("apis", GROUP, VERSION))
    if not answer.ok and answer.status != 404:
        return f"cannot tell which kinds are served: {answer.message}"
    found = {resource.get("name") for resource in answer.body.get("resources", ())} if answer.ok else set()
    return frozenset(plural for plural in KINDS if plural in found)


def waiting_for(kinds: Collection[str]) -> str:
    """What is said while these kinds are not served, and how to install them."""
    names = ", ".join(f"{plural}.{GROUP}" for plural in sorted(kinds))
    return f"waiting for CustomResourceDefinition {names}; install it: {INSTALL}"


@dataclass(frozen=True, slots=True)
class Need:
    """One verb on one resource; namespace "" = in all of them."""

    verb: str
    group: str
    resource: str
    namespace: str = ""

    def __str__(self) -> str:
        resource, slash, subresource = self.resource.partition("/")
        name = f"{resource}.{self.group}" if self.group else resource
        return f"{self.verb} {name}{slash}{subresource}" + (f" in {self.namespace}" if self.namespace else "")


def needs(
    kinds: Collection[str], namespaces: Sequence[str], operator_namespace: str, leader_elect: bool
) -> tuple[Need, ...]:
    """Everything the operator does for these kinds, as RBAC spells it (design/faults.md C4).

    A link makes and deletes pairs, and owns them in a way that holds its own deletion, which some API servers want a right
    for. Without Secrets: their names are granted namespace by namespace, and a pair that lacks a grant says so itself.
    """
    places, plurals = tuple(namespaces) or ("",), sorted(kinds)
    objects = [(verb, GROUP, plural) for plural in plurals for verb in ("get", "list", "watch", "patch")]
    statuses = [("patch", GROUP, f"{plural}/status") for plural in plurals]
    if VNET_LINKS in kinds:
        pairs = [plural for plural in plurals if plural in PAIRS]
        objects += [(verb, GROUP, plural) for plural in pairs for verb in ("create", "delete")]
        objects.append(("update", GROUP, f"{VNET_LINKS}/finalizers"))
    events = [(verb, "events.k8s.io", "events") for verb in ("create", "patch")]
    everywhere = tuple(Need(*need, place) for place in places for need in (*objects, *statuses, *events))
    own = [Need(verb, "", "configmaps", operator_namespace) for verb in ("get", "create")]
    if leader_elect:
        leases = ("get", "create", "update")
        own += [Need(verb, "coordination.k8s.io", "leases", operator_namespace) for verb in leases]
    return (*everywhere, *own)


async def denied(api: ApiServer, wanted: Sequence[Need]) -> tuple[Need, ...]:
    """Those that RBAC refuses. A question without an answer counts as granted: a 403 will tell later."""
    allowed = await asyncio.gather(*(_allowed(api, need) for need in wanted))
    return tuple(need for need, yes in zip(wanted, allowed, strict=True) if not yes)


async def _allowed(api: ApiServer, need: Need) -> bool:
    resource, _, subresource = need.resource.partition("/")
    attributes = {"verb": need.verb, "group": need.group, "resource": resource, "subresource": subresource}
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": {name: text for name, text in attributes.items() if text} | _place(need)},
    }
    answer = await api.post(path("apis", "authorization.k8s.io", "v1", "selfsubjectaccessreviews"), review)
    return not answer.ok or bool((answer.body.get("status") or {}).get("allowed"))


def _place(need: Need) -> dict[str, str]:
    return {"namespace": need.namespace} if need.namespace else {}
