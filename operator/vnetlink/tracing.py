"""OpenTelemetry traces where somebody asks for them: a span for each turn and one for each request to ARM. No bodies, no names of keys.

Nothing of OpenTelemetry is imported before `start`; where spans go is told by its own OTEL_… variables.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

Value: TypeAlias = str | int
Note: TypeAlias = Callable[[str, Value], None]

_tracer: Tracer | None = None
_send_rest: Callable[[], None] | None = None


class NotInstalled(Exception):
    """The extra is missing; `str()` says how to get it."""


def start(version: str) -> None:
    """Make spans from now on. Raises NotInstalled."""
    global _tracer, _send_rest
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as missing:
        raise NotInstalled(
            f"--tracing needs a package that is missing: pip install 'vnetlink[tracing]' ({missing})"
        ) from missing
    about = Resource.create({"service.name": "vnetlink", "service.version": version})
    provider = TracerProvider(resource=about, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    _tracer, _send_rest = provider.get_tracer("vnetlink", version), provider.shutdown


def end(patience: float) -> None:
    """Send the last spans, in so many seconds at most, also when the collector is away."""
    if _send_rest is not None:
        sending = threading.Thread(target=_send_rest, daemon=True)
        sending.start()
        sending.join(patience)


@contextmanager
def span(name: str, attributes: Mapping[str, Value]) -> Iterator[Note]:
    """A span around the block, and a way to add what is known later. An exception is recorded; without `start` nothing is."""
    if _tracer is None:
        yield _nothing
        return
    with _tracer.start_as_current_span(name, attributes=attributes) as current:
        yield current.set_attribute


def _nothing(name: str, value: Value) -> None:
    pass
