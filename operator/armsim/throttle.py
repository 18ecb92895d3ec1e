"""Quotas as Azure counts them (arm.md 1.7): ARM's token buckets, and the windows of the Network providers.

Every answer tells what is left; a request is refused only when the settings say so. `now` is wall time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from time import gmtime, strftime

from . import errors
from .errors import Refusal
from .settings import Bucket, Settings

KINDS = {"GET": "reads", "HEAD": "reads", "DELETE": "deletes"}
LEFT = "x-ms-ratelimit-remaining"


@dataclass(slots=True)
class _Level:
    """A bucket's content. A refused request may come again at `open_at`."""

    left: float
    at: float
    open_at: float = 0.0
    wait: float = 0.0

    def fill(self, bucket: Bucket, now: float) -> None:
        self.left = min(bucket.size, self.left + max(0.0, now - self.at) * bucket.rate)
        self.at = now

    def is_closed(self, now: float) -> bool:
        return self.left < 1 or now < self.open_at

    def close(self, bucket: Bucket, now: float) -> int:
        """Seconds to wait: as long again for a request that came too early."""
        missing = (1 - self.left) / bucket.rate
        self.wait = max(1.0, missing, self.wait if now < self.open_at else 0.0)
        self.open_at = now + ceil(self.wait)
        return ceil(self.wait)


@dataclass(slots=True)
class _Window:
    """Requests counted since `began`; `wait` is what refused requests were told."""

    began: float
    count: int = 0
    wait: float = 0.0

    def refuse(self, seconds: float, now: float) -> int:
        """To the end of the window at first; then as long again, so that whoever hammers waits for ever."""
        if self.wait:
            self.began = now + self.wait - seconds
        else:
            self.wait = self.began + seconds - now
        return max(1, ceil(self.wait))


class Throttle:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._limits = settings.limits
        self._levels: dict[tuple[str, ...], _Level] = {}
        self._windows: dict[tuple[str, ...], _Window] = {}

    def take(self, principal: str, subscription: str, method: str, now: float, action: str = "") -> dict[str, str]:
        """Counts a request and returns its headers. Raises a 429; a request inside the wait restarts it.

        An empty subscription is the tenant's scope; `action` is ARM's name, as Microsoft.Network/virtualNetworks/read.
        """
        kind = KINDS.get(method, "writes")
        levels = list(self._buckets(principal.lower(), subscription.lower(), kind, now))
        for level, bucket, _ in levels:
            if self._settings.throttled and level.is_closed(now):
                raise errors.throttled(kind, level.close(bucket, now))
        window = self._count(subscription.lower(), kind, action, now)
        for level, _, _ in levels:
            level.left = max(0.0, level.left - 1)
        if window is not None and _provider(action) == "privateDns":
            return {f"{LEFT}-subscription-resource-requests": str(window)}
        return {header: str(int(level.left)) for level, _, header in levels if header}

    def _buckets(
        self, principal: str, subscription: str, kind: str, now: float
    ) -> Iterator[tuple[_Level, Bucket, str]]:
        """The caller's own bucket, then the one that all callers of a subscription share."""
        own = self._settings.buckets[kind]
        scope = "subscription" if subscription else "tenant"
        yield self._level(("own", *self._owner(principal, subscription), kind), own, now), own, f"{LEFT}-{scope}-{kind}"
        if subscription and self._limits.global_factor:
            shared = Bucket(own.size * self._limits.global_factor, own.rate * self._limits.global_factor)
            header = f"{LEFT}-subscription-global-{kind}" if kind != "deletes" else ""
            yield self._level(("global", subscription, kind), shared, now), shared, header

    def _owner(self, principal: str, subscription: str) -> tuple[str, ...]:
        parts = {"principal": principal, "subscription": subscription}
        return tuple(parts[one] for one in self._limits.scope)

    def _level(self, key: tuple[str, ...], bucket: Bucket, now: float) -> _Level:
        level = self._levels.setdefault(key, _Level(bucket.size, now))
        level.fill(bucket, now)
        return level

    def _count(self, subscription: str, kind: str, action: str, now: float) -> int | None:
        """What is left of the provider's window, None where no provider counts. Writes and deletes count together."""
        provider = _provider(action)
        counted = "reads" if kind == "reads" else "writes"
        limit = self._limits.windows.get(f"{provider}.{counted}", 0)
        if not limit:
            return None
        window = self._windows.setdefault((subscription, provider, counted), _Window(now))
        if now >= window.began + self._limits.window_seconds:
            window.began, window.count, window.wait = now, 0, 0.0
        if window.count >= limit and self._settings.throttled:
            raise self._window_full(window, action, limit, now)
        window.count += 1
        return max(0, limit - window.count)

    def _window_full(self, window: _Window, action: str, limit: int, now: float) -> Refusal:
        seconds = window.refuse(self._limits.window_seconds, now)
        interval = strftime("%H:%M:%S", gmtime(self._limits.window_seconds))
        text = (
            f"Number of requests for action '{action}' exceeded the limit of '{limit}' for time interval '{interval}'. "
            f"Please try again after '{seconds}' seconds."
        )
        return errors.gateway(429, "ResourceRequestsThrottled", text, headers={"Retry-After": str(seconds)})


def action(method: str, namespace: str, types: tuple[str, ...]) -> str:
    """ARM's name of what a request does, before anything is known of its target."""
    verb = {"GET": "read", "HEAD": "read", "DELETE": "delete", "POST": "action"}.get(method, "write")
    return "/".join((namespace or "Microsoft.Resources", *types, verb))


def _provider(action: str) -> str:
    lowered = action.lower()
    if lowered.startswith("microsoft.network/privatedns"):
        return "privateDns"
    return "network" if lowered.startswith("microsoft.network/") else ""
