"""The write door for spans of our own runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from django.db import connection

from observability.models import Span, SpanPayload
from observability.rows import inserting


@dataclass(frozen=True, kw_only=True)
class SpanRecord:
    """A finished span as its producer knows it. Times are aware; ids are lower-case hex."""

    trace_id: str
    span_id: str
    parent_span_id: str = ""
    name: str
    started_at: datetime
    ended_at: datetime
    error_type: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    content: Mapping[str, Any] | None = None


def recording(span: SpanRecord, source: str) -> tuple[str, list[Any]]:
    """Return a statement that writes the span for each row of `source`, for a WITH query's part.

    Of a span without content; one that is there already is left as it is.
    """
    sql, values = inserting(_row(span), source)
    return f"{sql} ON CONFLICT DO NOTHING", values


def record(spans: Sequence[SpanRecord]) -> None:
    """Write the spans in the caller's transaction; one that is there already is left as it is."""
    payloads = SpanPayload.objects.bulk_create(
        [SpanPayload(content=dict(span.content)) for span in spans if span.content is not None]
    )
    payload_of = iter(payloads)
    Span.objects.bulk_create(
        [_row(span, next(payload_of) if span.content is not None else None) for span in spans],
        ignore_conflicts=True,
    )


def _row(span: SpanRecord, payload: SpanPayload | None = None) -> Span:
    return Span(
        day=span.started_at.astimezone(UTC).date(),
        trace_id=span.trace_id,
        span_id=span.span_id,
        parent_span_id=span.parent_span_id,
        name=span.name[:200],
        started_at=span.started_at,
        ended_at=max(span.started_at, span.ended_at),
        status=Span.Status.ERROR if span.error_type else Span.Status.OK,
        error_type=span.error_type,
        attributes=dict(span.attributes),
        payload=payload,
    )


def make_partitions(first: date, days: int = 8) -> None:
    """Create the span partitions of `days` days from `first` on, where they are missing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT make_span_partitions(%s, %s)", [first, days])
