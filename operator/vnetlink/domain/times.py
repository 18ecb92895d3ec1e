"""Times as text."""

from __future__ import annotations

from datetime import datetime


def stamp(now: datetime) -> str:
    """As records, annotations and conditions write a time, to the second; `now` is in UTC."""
    return now.strftime("%Y-%m-%dT%H:%M:%SZ")
