"""Spans from an HTTP request to the appends it leads to, and the times that metrics keep of them.

A session's process traces nothing itself: what it measured comes back with its answer, and becomes
spans here, under the span of the request that asked (see `actors/runtime/measuring.py`). Clocks of
one machine agree; across a cluster an append may seem to lie outside its request by their
difference.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.trace import SpanKind, Status, StatusCode, Tracer, TracerProvider

from stillfixed.actors.errors import SettingsError, StillfixedError
from stillfixed.actors.runtime.measuring import Asking, Measured
from stillfixed.actors.session.requests import PersonRequest
from stillfixed.connectors.web.operating.metrics import Metrics
from stillfixed.connectors.web.settings import SettingsTable

NAME = "stillfixed"


class Observing:
    """The observer of a host's requests to its sessions. Attributes say which session and what kind
    of request; never a command, an output or a text."""

    def __init__(self, metrics: Metrics, tracer: Tracer) -> None:
        self._metrics = metrics
        self._tracer = tracer

    @contextmanager
    def asking(self, session: str, request: PersonRequest) -> Iterator[Asking]:
        kind = request.__struct_config__.tag
        with self._tracer.start_as_current_span(
            f"session {kind}",
            attributes={"stillfixed.session": session},
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield self
            except StillfixedError as error:
                span.set_status(Status(StatusCode.ERROR, error.code))
                raise

    def measured(self, steps: list[Measured]) -> None:
        for step in steps:
            times = self._metrics.appends if step.step == "append" else self._metrics.activations
            times.observe(step.seconds)
            began = int(step.began_at * 1e9)
            span = self._tracer.start_span(
                f"session {step.step}", kind=SpanKind.INTERNAL, start_time=began
            )
            span.end(began + int(step.seconds * 1e9))


def provider(table: SettingsTable) -> TracerProvider:
    """Where spans go, as the settings say. Raises `SettingsError` for an exporter that is not
    installed."""
    if table.traces == "none":
        return trace.NoOpTracerProvider()
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider as SdkProvider
    from opentelemetry.sdk.trace.export import (
        BatchSpanProcessor,
        ConsoleSpanExporter,
        SpanExporter,
    )

    exporter: SpanExporter
    if table.traces == "console":
        exporter = ConsoleSpanExporter(out=sys.stderr)
    else:
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        except ImportError:
            raise SettingsError(
                "traces (otlp): the exporter is not installed. Install stillfixed[traces]."
            ) from None
        exporter = OTLPSpanExporter(endpoint=table.otlp_endpoint)
    made = SdkProvider(resource=Resource.create({"service.name": NAME}))
    made.add_span_processor(BatchSpanProcessor(exporter))
    return made


def shut_down(made: TracerProvider) -> None:
    """Send what is not sent yet."""
    if hasattr(made, "shutdown"):
        made.shutdown()
