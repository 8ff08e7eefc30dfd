"""What of a long conversation a model is given. Properties, and a megabyte through a whole run."""

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents import runner
from agents.context import (
    ARTICLES_CHARS,
    CONVERSATION_CHARS,
    LEAST_PART,
    PAST_REPLIES_CHARS,
    QUESTION_CHARS,
    fit,
    fit_document,
    shortened,
)
from agents.models import Run
from agents.requests import request_run
from observability.models import Span
from tests.agents.test_provider_faults import refused
from tests.provider import Provider, document_of

texts = st.text(max_size=40) | st.builds(
    lambda part, times: part * times, st.text(min_size=1, max_size=5), st.integers(1, 3000)
)
conversations = st.builds(
    lambda subject, bodies: {
        "subject": subject,
        "customer": {"name": "Ada"},
        "messages": [{"from": "customer", "body": body, "at": "2026-01-01"} for body in bodies],
    },
    st.text(max_size=600),
    st.lists(texts, min_size=1, max_size=12),
)
budgets = st.integers(min_value=2 * LEAST_PART, max_value=20_000)


def bodies(conversation: dict[str, Any]) -> list[str]:
    return [message["body"] for message in conversation["messages"]]


@given(conversations, budgets)
def test_what_is_kept_is_inside_the_budget_and_newest_first(
    conversation: dict[str, Any], budget: int
) -> None:
    fitted, _ = fit(conversation, budget)
    assert sum(map(len, bodies(fitted))) <= budget
    newest = conversation["messages"][-len(fitted["messages"]) :]
    assert fitted["messages"], "the newest message is always there"
    assert [m["at"] for m in fitted["messages"]] == [m["at"] for m in newest]
    for part, whole in zip(bodies(fitted), [m["body"] for m in newest], strict=True):
        assert part == whole or (len(part) < len(whole) and "characters left out" in part)


@given(conversations, budgets)
def test_every_cut_is_told(conversation: dict[str, Any], budget: int) -> None:
    fitted, cuts = fit(conversation, budget)
    told = sum(cut.of - cut.kept for cut in cuts)
    missing = sum(map(len, bodies(conversation))) - sum(map(len, bodies(fitted)))
    missing += len(conversation["subject"]) - len(fitted["subject"])
    assert told == missing
    assert (fitted == conversation) == (not cuts)
    gone = len(conversation["messages"]) - len(fitted["messages"])
    assert ("left_out" in fitted) == (gone > 0)


@given(conversations, budgets)
def test_fitting_twice_changes_nothing_more(conversation: dict[str, Any], budget: int) -> None:
    fitted, _ = fit(conversation, budget)
    assert fit(fitted, budget) == (fitted, [])


@given(texts, st.integers(min_value=0, max_value=5000))
def test_a_shortened_text_keeps_its_beginning_and_its_end(text: str, room: int) -> None:
    short = shortened(text, room)
    assert len(short) <= room or short == text
    if short != text and room >= LEAST_PART:
        assert short[: room // 3] == text[: room // 3]
        assert short[-(room // 3) :] == text[-(room // 3) :]


def test_the_mark_tells_how_much_is_missing() -> None:
    short = shortened("a" * 1_000_000, 1000)
    kept = short.count("a") - "characters".count("a")
    assert f"[… {1_000_000 - kept:,} characters left out …]" in short


def test_a_past_reply_is_given_whole_or_not_at_all() -> None:
    replies = [{"id": n, "question": "?", "reply": f"{n}" * 6000} for n in range(6)]
    articles = [{"slug": f"a-{n}", "title": "A", "text": "x" * 7000} for n in range(3)]
    document = {"past_replies": replies, "articles": articles, "guidance": "Be kind."}
    fitted, cuts = fit_document(document)
    assert fitted["past_replies"] == replies[:3]
    assert PAST_REPLIES_CHARS < 6 * 6000
    assert len(fitted["articles"][0]["text"]) == 7000
    assert sum(len(article["text"]) for article in fitted["articles"]) <= ARTICLES_CHARS
    assert [cut.what for cut in cuts] == ["article a-1", "article a-2", "last 3 past replies"]
    assert document["past_replies"] == replies, "the document itself is left as it was"


def test_a_document_that_fits_is_given_as_it_is() -> None:
    document = {
        "conversation": {"subject": "S", "messages": [{"from": "customer", "body": "B"}]},
        "question": "S\n\nB",
        "articles": [{"slug": "a", "text": "T"}],
        "past_replies": [{"reply": "R"}],
    }
    assert fit_document(document) == (document, [])


def long_run(body: str) -> Run:
    message = {"from": "customer", "body": body, "at": "2026-01-01T00:00:00+00:00"}
    conversation = {"subject": "Parcel", "customer": {"name": "Ada"}, "messages": [message]}
    return request_run("triage", conversation)


@pytest.mark.django_db
def test_a_megabyte_goes_through_in_seconds_and_its_cut_is_in_the_trace(
    provider: Provider,
) -> None:
    runner.execute(long_run("Where is my parcel?").pk)  # imports what takes its time once
    provider.peer.requests.clear()
    run = long_run("Where is my parcel? " * 50_000)
    started = time.monotonic()
    runner.execute(run.pk)
    assert time.monotonic() - started < 10
    run.refresh_from_db()
    assert (run.status, run.error_message) == ("done", "")
    for request in provider.peer.requests:
        document = document_of(request)
        assert len(document["conversation"]["messages"][0]["body"]) <= CONVERSATION_CHARS
        assert len(document.get("question", "")) <= QUESTION_CHARS
    step = run.steps.get(key="draft")
    span = Span.objects.get(
        trace_id=run.trace_id, attributes__contains={"countersign.step.key": "draft"}
    )
    cut = span.attributes["countersign.context.cut"]
    assert [(c["what"], c["of"]) for c in cut] == [
        ("message 1", 1_000_000),
        ("question", 1_000_008),
    ]
    assert step.input is not None
    assert step.input.content is not None
    assert step.input.content["cut"] == cut


@pytest.mark.django_db
def test_a_failed_calls_span_tells_the_cut_too(provider: Provider) -> None:
    provider.before = lambda form: refused(413)
    run = long_run("Where is my parcel? " * 5_000)
    runner.execute(run.pk)
    span = Span.objects.get(
        trace_id=run.trace_id, attributes__contains={"countersign.step.key": "extract"}
    )
    assert span.error_type == "context_too_long"
    (cut,) = span.attributes["countersign.context.cut"]
    assert cut["of"] == 100_000
