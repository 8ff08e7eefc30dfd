"""The item page's reading side: what stands beside a draft, and that it stays quick."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from agents.models import Run, RunPayload, Step
from memory.knowledge import NewArticle, store_article
from observability import recorder
from review.claims import claim
from review.conversation import folded, turns_of
from review.customers import MOST_COUNTED
from review.evidence import evidence_of
from review.intake import NewMessage, add_message
from review.items import settle_run
from review.markdown_blocks import blocks
from review.models import ReviewItem, Ticket
from review.run_facts import ATTEMPTS
from tests.builders import end_run, make_item, make_result, make_ticket

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("static_files")]


@pytest.fixture
def page(ada: User) -> Client:
    client = Client()
    client.force_login(ada)
    return client


def answered_anew(item: ReviewItem, body: str) -> ReviewItem:
    """The item that a further message of the customer leads to."""
    accepted = add_message(item.ticket_id, NewMessage(body=body))
    assert accepted.run is not None
    end_run(accepted.run, make_result())
    newer = settle_run(accepted.run.pk)
    assert newer is not None
    return newer


# The conversation


def test_what_came_after_a_superseded_draft_is_marked(page: Client) -> None:
    old = make_item(body="Where is it?")
    new = answered_anew(old, "Still waiting")
    assert [turn.is_new for turn in evidence_of(new, _user(page)).turns] == [False, True]
    assert page.get(f"/items/{new.pk}/").content.decode().count("new since the last draft") == 1
    assert page.get(f"/items/{old.pk}/").content.decode().count("not read by this draft") == 1


def _user(page: Client) -> User:
    return User.objects.get(pk=page.session["_auth_user_id"])


@pytest.mark.parametrize(
    ("senders", "shown"),
    [
        ("c", "c"),
        ("cac", "cac"),
        ("cacac", "ac"),
        ("caccc", "accc"),
        ("ccca", "ca"),
        ("cccc", "cccc"),
    ],
)
def test_a_long_conversation_opens_at_what_is_to_be_answered(
    installed: object, senders: str, shown: str
) -> None:
    names = {"c": "customer", "a": "agent"}
    turns = [NewMessage(body=f"{n}", sender=names[s]) for n, s in enumerate(senders)]  # type: ignore[arg-type]
    ticket = make_ticket(messages=turns).ticket
    older, newer = folded(turns_of(ticket))
    assert "".join(turn.message.sender[0] for turn in newer) == shown
    assert len(older) + len(newer) == len(senders)


# The customer


def test_other_tickets_of_the_customer_with_the_last_reply_to_each(ada: User) -> None:
    first = make_item(subject="The first one")
    billing = make_result(queue="billing", category="invoice")
    make_item(billing, subject="Not for Ada's eyes")
    make_item(subject="Somebody else", customer_email="tom@berg.example")
    history = evidence_of(make_item(subject="Now"), ada).history
    assert [other.subject for other in history.tickets] == ["The first one"]
    assert (history.total, history.others) == (2, 1)
    assert history.tickets[0].item_id == first.pk
    assert history.since == first.ticket.received_at


def test_who_writes_for_the_first_time_is_said_to(page: Client) -> None:
    text = page.get(f"/items/{make_item().pk}/").content.decode()
    assert "Writes for the first time" in text


def test_of_a_customer_with_many_tickets_the_newest_are_counted(ada: User) -> None:
    item = make_item()
    Ticket.objects.bulk_create(
        Ticket(
            source=item.ticket.source,
            external_id=f"more-{n}",
            customer=item.ticket.customer,
            queue=item.queue,
        )
        for n in range(MOST_COUNTED + 1)
    )
    history = evidence_of(item, ada).history
    assert (history.total, history.is_capped, list(history.tickets)) == (MOST_COUNTED, True, [])


# The run


def test_the_cost_is_that_of_all_tries(page: Client) -> None:
    item = make_item()
    now = timezone.now()
    result = RunPayload.objects.create(content={})
    Step.objects.create(
        run=item.run,
        key="draft",
        kind="model",
        attempt=1,
        started_at=now,
        finished_at=now + timedelta(milliseconds=1500),
        result=result,
        tier=2,
        model="small",
        prompt_version="draft@1",
        input_tokens=1000,
        output_tokens=200,
        cached_tokens=0,
        pricing="priced",
        cost_usd=Decimal("0.02"),
    )
    attempts = [
        {"model": "large", "error_type": "timeout", "pricing": "priced", "cost_usd": "0.05"},
        {"model": "small", "error_type": "", "pricing": "priced", "cost_usd": "0.02"},
    ]
    recorder.record(
        [
            recorder.SpanRecord(
                trace_id=item.run.trace_id,
                span_id="0" * 16,
                name="chat",
                started_at=now,
                ended_at=now,
                attributes={ATTEMPTS: attempts},
            )
        ]
    )
    facts = evidence_of(item, _user(page)).run
    assert (facts.steps, facts.took_ms, facts.use.cost_usd) == (1, 1500, Decimal("0.07"))
    text = page.get(f"/items/{item.pk}/").content.decode()
    assert "$0.07" in text
    assert "1,000 in" in text
    assert Run.objects.get(pk=item.run_id).attempts == 1


# Articles

MARKDOWN = """Two *days* with **DHL** and a big_small_label, see [the list](https://dhl.example/list).

## By country
- Germany: `1 day`
- <b>France</b>: 2 days

| Country | Days |
|---|---|
| Spain | 3 |
"""


def test_markdown_is_read_as_blocks_of_plain_text() -> None:
    found = blocks(MARKDOWN)
    assert [block.kind for block in found] == ["paragraph", "heading", "list", "table"]
    assert found[0].lines == [
        "Two days with DHL and a big_small_label, see the list (https://dhl.example/list)."
    ]
    assert found[1].lines == ["By country"]
    assert found[2].lines == ["Germany: 1 day", "<b>France</b>: 2 days"]
    assert found[3].rows == [["Country", "Days"], ["Spain", "3"]]
    assert blocks("") == []


def test_an_article_opens_beside_and_as_a_page_and_is_only_text(page: Client) -> None:
    evil = "<script>alert(1)</script> ![x](https://evil.example/x.png) [y](javascript:alert(1))"
    store_article(NewArticle(slug="delivery-times", title="Times", body=MARKDOWN + "\n\n" + evil))
    item = page.get(f"/items/{make_item().pk}/").content.decode()
    assert 'href="/articles/delivery-times/"' in item
    beside = page.get("/articles/delivery-times/", headers={"HX-Request": "true"}).content.decode()
    whole = page.get("/articles/delivery-times/").content.decode()
    for text in (beside, whole):
        assert "<td>Spain</td>" in text
        assert "&lt;script&gt;alert(1)" in text
        assert "<img" not in text
        assert 'href="javascript' not in text
    assert ("<html" in beside, "<html" in whole) == (False, True)
    assert page.get("/articles/none/").status_code == 404


# How much it takes


def test_an_item_page_stays_within_its_queries_whatever_it_shows(
    page: Client, ada: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(20):
        make_item()
    item = claim(make_item(), ada)
    with django_assert_max_num_queries(15):
        page.get(f"/items/{item.pk}/")
