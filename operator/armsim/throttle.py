"""Token buckets and the remaining-quota headers (arm.md 1.7). Refuses only when the settings say so."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from . import errors
from .settings import Bucket, Settings

KINDS = {"GET": "reads", "HEAD": "reads", "DELETE": "deletes"}


@dataclass(slots=True)
class _Level:
    left: float
    at: float
    blocked_until: float = 0.0


class Throttle:
    """One bucket for each principal, subscription and kind of request; `now` is wall time."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._levels: dict[tuple[str, str, str], _Level] = {}

    def take(self, principal: str, subscription: str, method: str, now: float) -> dict[str, str]:
        """Counts a request and returns its header. A request inside the window restarts the wait (arm.md 1.7)."""
        kind = KINDS.get(method, "writes")
        bucket = self._settings.buckets[kind]
        level = self._levels.setdefault((principal, subscription.lower(), kind), _Level(bucket.size, now))
        level.left = min(bucket.size, level.left + max(0.0, now - level.at) * bucket.rate)
        level.at = now
        if self._settings.throttled and (level.left < 1 or now < level.blocked_until):
            raise errors.throttled(kind, _block(level, bucket, now))
        level.left = max(0.0, level.left - 1)
        return {f"x-ms-ratelimit-remaining-subscription-{kind}": str(int(level.left))}


def _block(level: _Level, bucket: Bucket, now: float) -> int:
    seconds = max(1, ceil((1 - level.left) / bucket.rate))
    level.blocked_until = now + seconds
    return seconds
