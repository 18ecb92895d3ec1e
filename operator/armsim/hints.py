"""What clients ask for and armsim does not simulate, said once each: ARM's own answer tells them nothing of that."""

from __future__ import annotations

import re

from .messages import Request, Response

GUIDE = "docs/armsim.md lists what is simulated"
UNSERVED = (b'"InvalidResourceType"', b'"InvalidResourceNamespace"', b'"NoRegisteredProviderFound"')
KEPT = 1000


class Hints:
    """Bounded, so that a client that makes up names cannot fill the memory."""

    def __init__(self) -> None:
        self._said: dict[str, None] = {}

    def of(self, request: Request, response: Response) -> str:
        """A sentence for the log, empty when there is nothing new to say."""
        if response.status not in (400, 404) or not any(one in response.body[:200] for one in UNSERVED):
            return ""
        what = _type(request.path)
        old = b'"NoRegisteredProviderFound"' in response.body[:200]
        version = request.query.get("api-version", "")[:40]
        name = f"{what} at api-version {version}" if old else what
        if name.lower() in self._said or len(self._said) >= KEPT:
            return ""
        self._said[name.lower()] = None
        return f"{name} is not simulated and was answered as ARM answers an unknown one ({GUIDE})"


def _type(path: str) -> str:
    """Provider and type, as Microsoft.Network/virtualNetworks/subnets; nothing that could break a line of the log."""
    namespace, *rest = path.rpartition("/providers/")[2].split("/")
    words = [namespace, *rest[::2]]
    return "/".join(re.sub(r"[^\w.-]", "?", one)[:60] for one in words[:6])
