"""The tree of a trace: parents first, nothing lost, whatever the parents say."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from observability.models import Span
from observability.recorder import SpanRecord, record
from observability.traces import in_tree, spans_of

START = datetime(2026, 3, 2, 9, tzinfo=UTC)


def span(span_id: str, parent: str = "", at_s: float = 0) -> Span:
    start = START + timedelta(seconds=at_s)
    return Span(span_id=span_id, parent_span_id=parent, started_at=start, ended_at=start)


def shape(*spans: Span) -> list[tuple[str, int]]:
    ordered = sorted(spans, key=lambda span: span.started_at)
    return [(branch.span.span_id, branch.depth) for branch in in_tree(ordered, "root")]


def test_children_stand_below_their_parent_in_order_of_time() -> None:
    spans = [span("root"), span("b", "root", 2), span("a", "root", 1), span("of-a", "a", 3)]
    assert shape(*spans) == [("root", 0), ("a", 1), ("of-a", 2), ("b", 1)]


def test_a_run_that_has_not_ended_has_no_root_yet() -> None:
    assert shape(span("a", "root", 1), span("b", "root", 2)) == [("a", 1), ("b", 1)]


def test_a_span_of_an_unknown_parent_is_not_lost() -> None:
    assert shape(span("root"), span("a", "gone", 1)) == [("root", 0), ("a", 1)]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=10, unique_by=min))
def test_every_span_stands_in_the_tree_once(links: list[tuple[int, int]]) -> None:
    """Circles too: spans that come from outside may name each other as parents."""
    ids = {child for child, _ in links}
    spans = [span(str(child), str(parent)) for child, parent in dict(links).items()]
    assert sorted(name for name, _ in shape(*spans)) == sorted(map(str, ids))


@pytest.mark.django_db
def test_a_trace_is_found_by_the_days_it_ran() -> None:
    now = datetime.now(UTC)
    record(
        [
            SpanRecord(trace_id="a" * 32, span_id=name, name=name, started_at=at, ended_at=at)
            for name, at in (("one", now), ("two", now + timedelta(seconds=1)))
        ]
    )
    found = spans_of("a" * 32, since=now, until=now + timedelta(seconds=1))
    assert [span.span_id for span in found] == ["one", "two"]
    assert spans_of("b" * 32, since=now, until=now) == []
