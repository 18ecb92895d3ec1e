"""The pairs that a VNetLink makes: created with an owner, changed in their spec alone, deleted by uid.

Nothing of the link's metadata is handed on but its name, in a label: tracking labels of GitOps tools would have the pair pruned.
"""

from __future__ import annotations

from dataclasses import replace

from vnetlink.domain.kinds import KINDS
from vnetlink.domain.outcome import Later, Refused
from vnetlink.domain.reasons import Reason
from vnetlink.domain.specs import ObjectKey, ObjectMeta
from vnetlink.kube.answers import Gone, Write, written
from vnetlink.kube.api import ApiServer, Body
from vnetlink.kube.decode import CONFIRM_DELETION, RECONCILE_REQUESTED
from vnetlink.kube.objects import GROUP, VERSION, collection_path, object_path
from vnetlink.planning.actions import AskChild, ChildAction, DeleteChild, PutChild

LABEL = "vnetlink.dev/link"


class Children:
    """Writes pairs in the namespace of their link."""

    def __init__(self, api: ApiServer) -> None:
        self._api = api

    async def perform(self, link: ObjectMeta, action: ChildAction) -> Write:
        """Make, change, wake or delete one pair of this link. One that is there already, or was changed meanwhile, is Later."""
        key = ObjectKey(action.kind, link.key.namespace, action.name)
        if isinstance(action, DeleteChild):
            # The brake has let the link go, or the link switches its method; a pair of another uid is refused by both requests.
            confirmed = {"uid": action.uid, "annotations": {CONFIRM_DELETION: "true"}}
            write = written(await self._api.merge_patch(object_path(key), {"metadata": confirmed}))
            if isinstance(write, Later | Gone):
                return write
            options = {"propagationPolicy": "Background", "preconditions": {"uid": action.uid}}
            return written(await self._api.delete(object_path(key), options))
        if isinstance(action, AskChild):
            metadata = {"resourceVersion": action.version, "annotations": {RECONCILE_REQUESTED: action.at}}
            return written(await self._api.merge_patch(object_path(key), {"metadata": metadata}))
        if action.version:
            # Replaced, not tested: another version is a conflict then, and told apart from a spec that is refused.
            patch: list[Body] = [
                {"op": "replace", "path": "/metadata/resourceVersion", "value": action.version},
                {"op": "replace", "path": "/spec", "value": action.spec},
            ]
            return written(await self._api.json_patch(object_path(key), patch))
        made = written(await self._api.post(collection_path(key.kind, key.namespace), _made(link, action)))
        if isinstance(made, Gone):  # of a POST: the kind is not served, or the namespace goes
            return Later(Reason.OPERATION_IN_PROGRESS, f"{KINDS[key.kind]} {key} cannot be made: its CRD is not there")
        return _told(key, made)


def _told(pair: ObjectKey, outcome: Write) -> Write:
    """The admission plugin OwnerReferencesPermissionEnforcement does not say which right it misses."""
    if isinstance(outcome, Refused) and "can't set finalizers on" in outcome.message:
        lacks = f"RBAC lacks the verb 'update' on 'vnetlinks/finalizers' for the operator in namespace {pair.namespace}"
        return replace(outcome, message=f"{outcome.message}; {lacks}")
    return outcome


def _made(link: ObjectMeta, action: PutChild) -> Body:
    owner = {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": "VNetLink",
        "name": link.key.name,
        "uid": link.uid,
        "controller": True,
        "blockOwnerDeletion": True,
    }
    return {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": KINDS[action.kind],
        "metadata": {
            "name": action.name,
            "namespace": link.key.namespace,
            "labels": {LABEL: link.key.name},
            "ownerReferences": [owner],
        },
        "spec": action.spec,
    }
