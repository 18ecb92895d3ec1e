"""The control API under /_armsim/: log, faults, clock, state, roles, reset. No authentication; never part of Azure."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from . import page, snapshot, tunnels
from .messages import Request, Response, answer

if TYPE_CHECKING:
    from .core import Core

Action = Callable[["Control", Request, float], Any]


class Control:
    def __init__(self, core: Core) -> None:
        self._core = core

    def handle(self, request: Request, now: float) -> Response:
        """400 {"error": words} for a wrong body, 404 for an unknown path. The page is for whoever does not ask for JSON."""
        path = request.path.removeprefix("/_armsim").strip("/")
        if request.method == "GET" and path == "live":
            return page.live(self._core, now)
        if request.method == "GET" and path == "" and "json" not in request.headers.get("accept", ""):
            return page.whole(self._core, now)
        action = ACTIONS.get((request.method, path))
        try:
            if action is not None:
                return answer(200, action(self, request, now))
            if request.method == "DELETE" and path.startswith("faults/"):
                self._core.faults.remove(unquote(path.removeprefix("faults/")))
                return answer(200, self._core.faults.export())
        except (ValueError, TypeError, KeyError, RecursionError) as wrong:
            return answer(400, {"error": f"{type(wrong).__name__}: {wrong}"})
        return answer(404, {"error": f"no {request.method} {path}", "known": [f"{m} /_armsim/{p}" for m, p in ACTIONS]})

    def index(self, request: Request, now: float) -> Any:
        world = self._core.world
        numbers = {name: len(world.table(name)) for name in ("groups", "vnets", "gateways", "addresses", "operations")}
        return {"name": "armsim", "now": now, "virtual": self._core.clock.at(now), **numbers}

    def requests(self, request: Request, now: float) -> Any:
        return self._core.journal.export(int(request.query.get("since", "0")))

    def clear_requests(self, request: Request, now: float) -> Any:
        self._core.journal.clear()
        return self._core.journal.export(0)

    def faults(self, request: Request, now: float) -> Any:
        return self._core.faults.export()

    def add_faults(self, request: Request, now: float) -> Any:
        """One fault, or a list of them."""
        wanted = _json(request)
        specs = wanted if isinstance(wanted, list) else [wanted]
        added = [self._core.faults.add(one, self._core.world, now).id for one in specs]
        return {"ids": added, **self._core.faults.export()}

    def clear_faults(self, request: Request, now: float) -> Any:
        self._core.faults.remove()
        return self._core.faults.export()

    def release(self, request: Request, now: float) -> Any:
        wanted = _json(request) if request.body.strip() else {}
        return {"released": self._core.faults.release(str(wanted.get("id", "")))}

    def clock(self, request: Request, now: float) -> Any:
        return {"virtual": self._core.clock.at(now), "speed": self._core.clock.speed}

    def advance(self, request: Request, now: float) -> Any:
        """{"advance": virtual seconds}; time never goes back."""
        seconds = _json(request)["advance"]
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds < 1e9:
            raise ValueError("advance must be a number of seconds, 0 or more")
        self._core.clock = self._core.clock.moved(now, float(seconds))
        self._core.finish_due(now)
        return self.clock(request, now)

    def state(self, request: Request, now: float) -> Any:
        """Shared keys are shown with ?keys=true only; PUT takes a hidden one for the one that is here."""
        self._core.clock = self._core.clock.moved(now, 0)
        exported = snapshot.export(self._core)
        return exported if request.query.get("keys") == "true" else snapshot.without_keys(exported)

    def replace_state(self, request: Request, now: float) -> Any:
        data = _json(request)
        snapshot.restore(self._core, data)
        if "clock" in data:
            snapshot.resume(self._core, data, now)
        return self.index(request, now)

    def tunnels(self, request: Request, now: float) -> Any:
        """Which stand, since when, and for how long each was down, in virtual seconds."""
        virtual = self._core.clock.at(now)
        return {"virtual": virtual, "tunnels": tunnels.export(self._core.world, virtual)}

    def forget_tunnels(self, request: Request, now: float) -> Any:
        tunnels.forget(self._core.world, self._core.clock.at(now))
        return self.tunnels(request, now)

    def roles(self, request: Request, now: float) -> Any:
        return self._core.roles.export()

    def change_roles(self, request: Request, now: float) -> Any:
        self._core.roles.update(_json(request))
        return self._core.roles.export()

    def actions(self, request: Request, now: float) -> Any:
        """Which actions each principal has used: what a role for it needs."""
        return {who: sorted(used) for who, used in self._core.roles.used.items()}

    def forget_actions(self, request: Request, now: float) -> Any:
        self._core.roles.used.clear()
        return {}

    def reset(self, request: Request, now: float) -> Any:
        self._core.restart()
        seed(self._core, now)
        return self.index(request, now)


ACTIONS: dict[tuple[str, str], Action] = {
    ("GET", ""): Control.index,
    ("GET", "numbers"): Control.index,
    ("GET", "requests"): Control.requests,
    ("DELETE", "requests"): Control.clear_requests,
    ("GET", "faults"): Control.faults,
    ("POST", "faults"): Control.add_faults,
    ("DELETE", "faults"): Control.clear_faults,
    ("POST", "faults/release"): Control.release,
    ("GET", "clock"): Control.clock,
    ("POST", "clock"): Control.advance,
    ("GET", "state"): Control.state,
    ("PUT", "state"): Control.replace_state,
    ("GET", "tunnels"): Control.tunnels,
    ("DELETE", "tunnels"): Control.forget_tunnels,
    ("GET", "roles"): Control.roles,
    ("PUT", "roles"): Control.change_roles,
    ("GET", "actions"): Control.actions,
    ("DELETE", "actions"): Control.forget_actions,
    ("POST", "reset"): Control.reset,
}


class SeedRefused(ValueError):
    """A configured resource that ARM would refuse; `index` is its place in the list."""

    def __init__(self, index: int, text: str) -> None:
        super().__init__(text)
        self.index = index


def seed(core: Core, now: float) -> None:
    """Lays the configured resources, each settled before the next. Raises SeedRefused with ARM's answer."""
    for index, (path, body) in enumerate(core.settings.seed):
        subscription = path.strip("/").split("/")[1]
        tenant = core.settings.tenant_of(subscription) or ""
        token = core.login.issue("armsim-seed", tenant, "", now, 600)
        core.roles.update({"armsim-seed": [{"scope": "/", "role": "Owner"}]})
        others = [core.login.issue("armsim-seed", one, "", now, 600) for one in core.settings.tenants]
        headers = {
            "authorization": f"Bearer {token}",
            "x-ms-authorization-auxiliary": ", ".join(f"Bearer {one}" for one in others),
        }
        target = f"{path}?api-version=2026-03-01"
        response = core.handle(Request("PUT", target, headers, json.dumps(body).encode()), now)
        if response.status >= 300:
            raise SeedRefused(index, f"{path} is refused: {response.body.decode()}")
        core.settle()
    core.roles.update({"armsim-seed": None})
    core.journal.clear()


def _json(request: Request) -> Any:
    return json.loads(request.body or b"{}")
