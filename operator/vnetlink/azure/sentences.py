"""ARM's and Entra's sentences made fit for a status: one line, bounded, without what differs from one try to the next."""

from __future__ import annotations

import re

LIMIT = 1000

_GUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_PASSING = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\s*Diagnostic information:.*",
        r"\s*\(?(?:Trace|Correlation|(?:service |client |x-ms-)?request(?: correlation)?|tracking|activity|operation)"
        rf"[ -]?id:?\s*['\"]?(?:is\s*)?{_GUID}['\"]?\)?[.,;]?",
        r"\s*Timestamp:?\s*['\"]?\d{4}-\d\d-\d\d[ T][\d:.]+Z?['\"]?[.,;]?",
        r"\s*To retrieve status of the operation use uri:.*",
        rf"\s*\(?last operation \({_GUID}\)",
        rf"\s\({_GUID}\)",
        r"\s*The call can be retried in \d+ seconds?\.",
        r"\s*Please try again after '?\d+'? seconds?\.",
    )
)


def lasting(text: str) -> str:
    """`text` on one line and without request ids, time stamps and countdowns: equal states give equal text."""
    for passing in _PASSING:
        text = passing.sub("", text)
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return text if len(text) <= LIMIT else text[: LIMIT - 1] + "…"
