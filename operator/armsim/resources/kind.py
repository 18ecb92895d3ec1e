"""What NSGs, route tables, local gateways and interfaces have in common: PUT, GET, PATCH, DELETE, lists, one etag.

A Kind says how such a resource reads, looks and may be deleted; it is used like a resource module. No rule of a type here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from .. import errors
from ..arm_ids import NAME, NETWORK, network_id
from ..call import Call
from ..content import Content
from ..messages import Response, answer, empty
from ..store import Child, Operation, Resource, World

Props = Mapping[str, Any]
BUSY = ("Updating", "Deleting")


@dataclass(frozen=True, slots=True)
class Draft:
    """A resource as a PUT wants it: what its properties are read from, and what was there before."""

    call: Call
    properties: Content
    id: str
    old: Resource | None


@dataclass(frozen=True, slots=True)
class Part:
    """The children of a Kind: their type, and the rules of one child. `fits` looks at all children together."""

    name: str
    put: str
    delete: str
    read: Callable[[Content, str], Props]
    fits: Callable[[Resource], None] = lambda _: None
    show: Callable[[Props, str], dict[str, Any]] = lambda props, _: dict(props)


@dataclass(frozen=True, slots=True)
class Kind:
    """One type of resource. `look` gives the properties after provisioningState and resourceGuid."""

    name: str
    put_name: str
    delete_name: str
    read: Callable[[Draft], Props]
    look: Callable[[World, Resource, str], dict[str, Any]]
    free: Callable[[World, Resource], None]
    part: Part | None = None
    moved: Callable[[World, Resource], None] = lambda _world, _resource: None
    seconds: float = 3

    @property
    def type(self) -> str:
        return f"{NETWORK}/{self.name}"

    @property
    def operations(self) -> tuple[str, ...]:
        more = (self.part.put, self.part.delete) if self.part else ()
        return (self.put_name, self.delete_name, *more)

    def body(self, world: World, one: Resource, version: str) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "name": one.name,
            "id": one.id,
            "etag": one.etag,
            "type": self.type,
            "location": one.location,
        }
        if one.tags is not None:
            shown["tags"] = one.tags
        return {**shown, "properties": self.properties(world, one, version)}

    def properties(self, world: World, one: Resource, version: str) -> dict[str, Any]:
        head = {"provisioningState": one.state, "resourceGuid": one.guid}
        return {**head, **self.look(world, one, version)}

    # --- reads

    def key(self, call: Call) -> str:
        place = call.place
        return network_id(place.subscription, place.group, self.name, place.names[0]).lower()

    def found(self, call: Call) -> Resource:
        call.group()
        one = call.world.resources.get(self.key(call))
        if one is None:
            raise errors.resource_not_found(self.type, call.place.names[0], call.place.group)
        return one

    def get(self, call: Call) -> Response:
        one = self.found(call)
        return answer(200, self.body(call.world, one, call.version), {"ETag": one.etag})

    def listing(self, call: Call) -> Response:
        call.group()
        return self._list(call, f"/subscriptions/{call.place.subscription}/resourcegroups/{call.place.group}/")

    def listing_in_subscription(self, call: Call) -> Response:
        return self._list(call, f"/subscriptions/{call.place.subscription}/")

    def _list(self, call: Call, prefix: str) -> Response:
        start = prefix.lower()
        found = [one for key, one in call.world.resources.items() if one.kind == self.name and key.startswith(start)]
        return call.page(found, lambda one: self.body(call.world, one, call.version))

    # --- writes

    def put(self, call: Call) -> Response:
        group = call.writable_group()
        name = call.place.names[0]
        if not NAME.fullmatch(name):
            raise errors.invalid_name(name)
        old = call.world.resources.get(self.key(call))
        new = self._wanted(call, old, group.name)
        call.check_etag(new.id, old.etag if old else None)
        self.check_idle(call, old)
        if old is not None and _alike(old, new):
            return self._unchanged(call, new)
        word = "update" if old else "create"
        operation = call.begin(self.put_name, new.key, new.location, f"{self.name}.{word}")
        new = replace(new, state="Updating", operation=operation.id, etag=call.world.etag())
        call.world.put(replace(new, children=tuple(replace(one, state="Updating") for one in new.children)))
        if old is not None:
            self.moved(call.world, old)
        self.moved(call.world, new)
        current = call.world.resources[new.key]
        return call.accepted(200 if old else 201, self.body(call.world, current, call.version), operation, self.seconds)

    def _unchanged(self, call: Call, new: Resource) -> Response:
        """A change that needs no work, as of tags, is done at once (arm.md 1.3, PUT existing)."""
        new = replace(new, etag=call.world.etag())
        call.world.put(new)
        return call.unchanged(self.body(call.world, new, call.version), self.put_name, new.key, new.location)

    def _wanted(self, call: Call, old: Resource | None, group: str) -> Resource:
        content = Content(call.body)
        location = content.location(self.type)
        name = old.name if old else call.place.names[0]
        if old is not None and old.location != location:
            raise errors.other_location(name, old.location, group, location)
        wanted_id = network_id(call.place.subscription, group, self.name, name) if old is None else old.id
        new = Resource(
            subscription=old.subscription if old else call.place.subscription,
            group=old.group if old else group,
            kind=self.name,
            name=name,
            location=location,
            guid=old.guid if old else call.world.guid(),
            etag="",
            props=self.read(Draft(call, content.object("properties"), wanted_id, old)),
            tags=content.tags(),
        )
        return self._with_children(new, content.object("properties"), old)

    def _with_children(self, new: Resource, properties: Content, old: Resource | None) -> Resource:
        """A PUT replaces the children; without their property they go (arm.md 3 has it so for older subnets; chosen)."""
        if self.part is None:
            return new
        part = self.part
        for one in properties.objects(part.name):
            name = one.text("name")
            if not NAME.fullmatch(name):
                raise errors.invalid_name(name)
            props = part.read(one.object("properties"), f"{new.id}/{part.name}/{name}")
            new = replace(new, children=exchanged(new, Child(name, props)))
            part.fits(new)
        return new

    def check_idle(self, call: Call, old: Resource | None) -> None:
        """A running operation of the resource or of a child refuses a write (arm.md 1.4)."""
        if old is None or old.state not in BUSY:
            return
        if old.state == "Deleting":
            raise errors.busy_delete(old.operation)
        running = call.world.operations.get(old.operation)
        raise errors.busy_put(running.name if running else self.put_name, old.operation, old.id, 10)

    def patch(self, call: Call) -> Response:
        """Tags only, at once (arm.md 1.3)."""
        old = self.found(call)
        self.check_idle(call, old)
        new = replace(old, tags=Content(call.body).tags(), etag=call.world.etag())
        call.world.put(new)
        return answer(200, self.body(call.world, new, call.version), {"ETag": new.etag})

    def delete(self, call: Call) -> Response:
        call.group()
        one = call.world.resources.get(self.key(call))
        if one is None:
            return empty(204)
        call.check_etag(one.id, one.etag)
        self.free(call.world, one)
        if one.state in BUSY:
            raise errors.busy_delete(one.operation)
        operation = call.begin(self.delete_name, one.key, one.location, f"{self.name}.delete")
        call.world.put(replace(one, state="Deleting", operation=operation.id, etag=call.world.etag()))
        return call.deleting(operation)

    # --- the end of an operation

    def finish(self, world: World, operation: Operation) -> None:
        key, _, child = operation.target.partition("#")
        one = world.resources.get(key)
        if one is None:
            return
        if child:
            one = _child_ended(one, child, operation)
        elif operation.deletes and not operation.doom:
            self.vanish(world, one)
            return
        state = "Failed" if operation.doom and not child else "Succeeded"
        settled = tuple(replace(part, state=state) if part.state == "Updating" else part for part in one.children)
        world.put(replace(one, state=state, operation="", etag=world.etag(), children=settled))
        self.moved(world, one)

    def vanish(self, world: World, one: Resource) -> None:
        world.drop(one)
        self.moved(world, one)


def _alike(old: Resource, new: Resource) -> bool:
    mine = tuple((one.name, one.props) for one in old.children)
    return (
        old.state == "Succeeded" and old.props == new.props and mine == tuple((c.name, c.props) for c in new.children)
    )


def exchanged(one: Resource, new: Child) -> tuple[Child, ...]:
    if one.child(new.name) is None:
        return (*one.children, new)
    return tuple(new if part.name.lower() == new.name.lower() else part for part in one.children)


def _child_ended(one: Resource, name: str, operation: Operation) -> Resource:
    part = one.child(name)
    if part is None:
        return one
    if operation.deletes and not operation.doom:
        return replace(one, children=tuple(other for other in one.children if other is not part))
    state = "Failed" if operation.doom else "Succeeded"
    return replace(one, children=exchanged(one, replace(part, state=state, operation="")))


@dataclass(frozen=True, slots=True)
class Children:
    """The child routes of a Kind, used like a resource module. Their operations keep the parent busy (chosen)."""

    kind: Kind
    part: Part

    @property
    def type(self) -> str:
        return f"{self.kind.type}/{self.part.name}"

    def body(self, one: Resource, child: Child, version: str) -> dict[str, Any]:
        return child_body(self.kind, self.part.name, one, child, self.part.show(child.props, version))

    def get(self, call: Call) -> Response:
        one = self.kind.found(call)
        child = one.child(call.place.names[1])
        if child is None:
            raise errors.child_not_found(f"{one.id}/{self.part.name}/{call.place.names[1]}")
        return answer(200, self.body(one, child, call.version), {"ETag": one.etag})

    def listing(self, call: Call) -> Response:
        one = self.kind.found(call)
        return call.page(one.children, lambda child: self.body(one, child, call.version))

    def _parent(self, call: Call) -> Resource:
        call.writable_group()
        one = call.world.resources.get(self.kind.key(call))
        if one is None:
            raise errors.parent_not_found(call.place.names[0])
        if one.state == "Failed":
            raise errors.failed_parent(call.place.scope, one.operation)
        return one

    def put(self, call: Call) -> Response:
        one = self._parent(call)
        name = call.place.names[1]
        if not NAME.fullmatch(name):
            raise errors.invalid_name(name)
        old = one.child(name)
        call.check_etag(f"{one.id}/{self.part.name}/{name}", one.etag if old else None)
        properties = Content(call.body).object("properties")
        new = Child(old.name if old else name, self.part.read(properties, f"{one.id}/{self.part.name}/{name}"))
        after = replace(one, children=exchanged(one, new))
        self.part.fits(after)
        self.kind.check_idle(call, one)
        target = f"{one.key}#{new.name.lower()}"
        operation = call.begin(self.part.put, target, one.location, f"{self.kind.name}.update")
        new = replace(new, state="Updating", operation=operation.id)
        after = replace(one, children=exchanged(one, new), state="Updating", operation=operation.id)
        after = replace(after, etag=call.world.etag())
        call.world.put(after)
        return call.accepted(200 if old else 201, self.body(after, new, call.version), operation, 10)

    def delete(self, call: Call) -> Response:
        one = self.kind.found(call)
        child = one.child(call.place.names[1])
        if child is None:
            return empty(204)
        call.check_etag(f"{one.id}/{self.part.name}/{child.name}", one.etag)
        if one.state in BUSY:
            raise errors.busy_delete(one.operation)
        target = f"{one.key}#{child.name.lower()}"
        operation = call.begin(self.part.delete, target, one.location, f"{self.kind.name}.update")
        gone = replace(child, state="Deleting", operation=operation.id)
        changed = replace(one, children=exchanged(one, gone), state="Updating", operation=operation.id)
        call.world.put(replace(changed, etag=call.world.etag()))
        return call.deleting(operation)


def child_body(kind: Kind, part: str, one: Resource, child: Child, shown: Mapping[str, Any]) -> dict[str, Any]:
    """`type` comes after `properties`, as in subnets and routes (arm.md 1.1)."""
    return {
        "name": child.name,
        "id": f"{one.id}/{part}/{child.name}",
        "etag": one.etag,
        "properties": {"provisioningState": child.state, **shown},
        "type": f"{kind.type}/{part}",
    }


def referenced(world: World, content: Content, name: str, kind: str, owner: str) -> Props | None:
    """`{id}` of a resource of that kind, in its canonical form. Raises when it does not exist."""
    if not content.has(name):
        return None
    given = content.object(name).text("id")
    found = world.resources.get(given.rstrip("/").lower())
    if found is None or found.kind != kind or found.state == "Deleting":
        raise errors.reference_not_found(given, owner)
    return {"id": found.id}
