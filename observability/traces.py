"""Reading traces: the spans of one, as the tree they form."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from observability.models import Span


@dataclass(frozen=True, kw_only=True)
class Branch:
    """A span at its place in the tree. depth: 0 for the root."""

    span: Span
    depth: int


def spans_of(trace_id: str, *, since: datetime, until: datetime) -> list[Span]:
    """Return the trace's spans, earliest first. since, until: between them every span started.

    The times keep the query to the partitions of the trace's own days.
    """
    days = since.astimezone(UTC).date(), until.astimezone(UTC).date()
    return list(
        Span.objects.filter(trace_id=trace_id, day__range=days).order_by("started_at", "ended_at")
    )


def in_tree(spans: Sequence[Span], root_id: str) -> list[Branch]:
    """Return the spans parents first, children by their start; the root itself may be missing.

    A span whose parent is not among them stands below the root: nothing is left out.
    """
    children: defaultdict[str, list[Span]] = defaultdict(list)
    known = {span.span_id for span in spans}
    for span in spans:
        parent = span.parent_span_id if span.parent_span_id in known else root_id
        children["" if span.span_id == root_id else parent].append(span)
    branches: list[Branch] = []
    waiting = [Branch(span=span, depth=0) for span in children.pop("", [])]
    if not waiting:
        waiting = [Branch(span=span, depth=1) for span in reversed(children.pop(root_id, []))]
    while waiting:
        branch = waiting.pop()
        branches.append(branch)
        below = children.pop(branch.span.span_id, [])
        waiting += [Branch(span=span, depth=branch.depth + 1) for span in reversed(below)]
    # What is left names itself, in a circle, as its own ancestor.
    lost = [span for circle in children.values() for span in circle]
    return branches + [Branch(span=span, depth=1) for span in lost]
