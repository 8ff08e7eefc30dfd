"""The trace page: what a run did, honestly, and how it ended. Models over real HTTP."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from agents import runner
from agents.models import Agent, Run, RunPayload, Step
from review import decisions, undoing
from review.claims import claim
from review.decisions import Seen
from review.intake import NewMessage, add_message
from review.items import draft_text, settle_run
from review.models import ReviewItem, Ticket
from tests.agents.conftest import provider  # noqa: F401 - the fixture
from tests.builders import make_item, make_person, make_queue, make_result, make_ticket
from tests.peers import Reply
from tests.provider import Provider, put_on_tiers

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("static_files")]

MOST_QUERIES = 15
EVIL = '<script>alert(1)</script><img src=x onerror=alert(1)> <b hx-get="/next/">'


@pytest.fixture
def page(ada: User) -> Client:
    client = Client()
    client.force_login(ada)
    return client


@pytest.fixture
def lead(installed: Agent) -> Client:
    client = Client()
    client.force_login(make_person("clara", "lead"))
    return client


def worked_on(run: Run | None) -> Run:
    """The run after a worker had it, its item open if it ended."""
    assert run is not None
    runner.execute(run.pk)
    settle_run(run.pk)
    run.refresh_from_db()
    return run


def shown(client: Client, run: Run | None, query: str = "") -> str:
    assert run is not None
    response = client.get(f"/runs/{run.pk}/{query}")
    assert response.status_code == 200
    return str(response.content.decode())


def rows(html: str) -> list[str]:
    """The waterfall's rows as a person reads them."""
    body = html.partition("<tbody>")[2].partition("</tbody>")[0]
    texts = (unescape(re.sub(r"<[^>]+>", " ", row)) for row in body.split("</tr>"))
    return [" ".join(text.split()) for text in texts if text.strip()]


def row(html: str, name: str) -> str:
    return next(row for row in rows(html) if row.startswith(name))


def countersign(run: Run, person: User, **changed: str) -> None:
    """Send the run's draft with these words in place of others."""
    item = claim(ReviewItem.objects.get(run=run), person)
    assert item.claim_token is not None
    text = draft_text(item)
    for old, new in changed.items():
        text = text.replace(old, new)
    seen = Seen(claim_token=item.claim_token, revision=item.revision, digest=item.digest)
    decisions.send(item.pk, person, seen, text=text)


def test_every_step_shows_what_it_took(page: Client, provider: Provider) -> None:  # noqa: F811
    html = shown(page, worked_on(make_ticket().run))
    names = [row.split()[0] for row in rows(html)]
    assert names[:2] == ["Triage", "waited"]
    assert [name for name in names if name in {"extract", "classify", "route", "draft"}] == [
        "extract",
        "classify",
        "route",
        "draft",
    ]
    draft = row(html, "draft")
    for part in ("tier 2", "openai/test-model", "120 → 30", "unpriced", "ms"):
        assert part in draft
    assert "triage/draft@" in html
    assert "3 passed" in row(html, "check-input")
    assert "Your parcel arrives on Friday." in html


def test_a_fallback_shows_both_tries(page: Client, provider: Provider) -> None:  # noqa: F811
    def fail_first(form: str) -> Reply | None:
        first = provider.peer.requests[-1].json["model"] == "broken"
        return Reply(status=500) if first and form == "Drafted" else None

    provider.before = fail_first
    put_on_tiers("openai/broken", fallbacks=["openai/test-model"])
    html = shown(page, worked_on(make_ticket().run))
    assert "openai/test-model" in row(html, "draft"), "the step is the model's that answered"
    assert "provider_error failed with status 500" in row(html, "openai/broken")
    assert "fallback" in row(html, "openai/test-model")
    assert "openai/broken" in row(html, "extract"), "where it answered there is one try, no more"


def test_a_try_that_was_waited_for_says_so(page: Client, provider: Provider) -> None:  # noqa: F811
    slow = [Reply(status=429, headers={"Retry-After": "1"})]
    provider.before = lambda form: slow.pop() if slow and form == "Drafted" else None
    html = shown(page, worked_on(make_ticket().run))
    tries = [row for row in rows(html) if row.startswith("openai/test-model")]
    assert ["rate_limited" in text for text in tries] == [True, False]
    assert re.search(r"once more after a wait of [\d,]+ ms", tries[1])


def test_a_failed_run_says_what_failed_and_why(lead: Client, provider: Provider) -> None:  # noqa: F811
    provider.before = lambda form: Reply(status=500) if form == "Classified" else None
    html = shown(lead, worked_on(make_ticket().run))
    assert "provider_error" in row(html, "Triage")
    assert "provider_error" in row(html, "classify")
    assert "failed: <code>provider_error</code>" in html
    assert "The model&#x27;s provider failed." in html
    assert 'id="step-name">classify<' in html, "the step that failed is open by itself"
    assert "120 → 30" in row(html, "extract"), "what was done is not hidden"


def test_a_run_that_lost_its_worker_shows_where_and_what_was_replayed(
    page: Client,
    provider: Provider,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def die(*_: object) -> None:
        raise SystemExit

    run = make_ticket(queue="orders").run
    assert run is not None
    with monkeypatch.context() as patch:
        patch.setattr("agents.triage.agent._draft", die)
        with pytest.raises(SystemExit):
            runner.execute(run.pk)
    html = shown(page, run)
    assert rows(html)[-1].startswith("at work on the next step")
    assert "No item yet" in html
    Run.objects.update(heartbeat_at=timezone.now() - timedelta(minutes=1))
    html = shown(page, worked_on(run), "?step=extract")
    names = [text.split()[0] for text in rows(html)]
    assert names.index("recall") < names.index("lost") < names.index("draft")
    assert "attempt 2 went on from what was written" in row(html, "lost the worker")
    assert "written by attempt 1 and replayed" in html
    assert "2 attempts" in html


def test_the_page_ends_with_the_verdict_and_what_it_changed(
    page: Client,
    provider: Provider,  # noqa: F811
    ada: User,
) -> None:
    run = worked_on(make_ticket().run)
    ReviewItem.objects.update(opened_at=timezone.now() - timedelta(minutes=12))
    countersign(run, ada, Friday="Saturday")
    html = shown(page, run)
    assert "countersigned with 1 edit by ada 12 min" in row(html, "waited for a person")
    assert "countersigned with 1 edit by <bdi>ada</bdi>" in html
    assert "<del>Friday</del><ins>Saturday</ins>" in html
    assert "% of the draft's words kept" in html
    assert "Waiting to be sent" in html


def test_an_undone_verdict_stays_beside_the_one_that_stands(
    page: Client,
    provider: Provider,  # noqa: F811
    ada: User,
) -> None:
    run = worked_on(make_ticket().run)
    countersign(run, ada)
    item = ReviewItem.objects.get()
    undoing.undo(item.verdicts.get().pk, ada)
    assert "waits for a person in Orders" in shown(page, run)
    item.refresh_from_db()
    assert item.claim_token is not None
    seen = Seen(claim_token=item.claim_token, revision=2, digest=item.digest)
    decisions.reject(item.pk, ada, seen, reason="Not ours.")
    html = shown(page, run)
    assert html.index("Countersigned without edits") < html.index("Rejected by")
    assert "Undone" in html
    assert "Nothing was sent. Reason: <bdi>Not ours.</bdi>" in html
    assert len([row for row in rows(html) if row.startswith("waited for a person")]) == 2


def test_a_newer_message_leads_to_the_newer_run(page: Client) -> None:
    item = make_item()
    newer = add_message(item.ticket_id, NewMessage(body="Never mind")).run
    assert newer is not None
    html = shown(page, item.run)
    assert "superseded before anyone decided" in html
    assert f'href="/runs/{newer.pk}/" rel="next"' in html
    assert "Run 2 of 2" in shown(page, newer)
    assert "waits for a worker" in row(shown(page, newer), "waits")
    add_message(item.ticket_id, NewMessage(body="Or do mind"))
    html = shown(page, newer)
    assert "cancelled" in html
    assert "A newer message came in before this run had ended" in html


def test_a_run_is_seen_by_those_who_see_its_ticket(page: Client, lead: Client) -> None:
    unrouted = make_ticket().run
    billing = make_ticket(queue="billing").run
    orders = make_ticket(queue="orders").run
    for run in (unrouted, billing, orders):
        assert "waits for a worker" in shown(lead, run)
    assert "waits for a worker" in shown(page, orders)
    for run in (unrouted, billing):
        assert run is not None
        assert page.get(f"/runs/{run.pk}/").status_code == 404
    assert page.get("/runs/99999999999999999999/").status_code == 404


def test_an_item_of_ones_queue_opens_its_run_after_the_ticket_moved_on(page: Client) -> None:
    item = make_item()
    Ticket.objects.update(queue=make_queue("billing"))
    assert f'href="/items/{item.pk}/"' in shown(page, item.run)
    colleague = Client()
    colleague.force_login(make_person("bill", "reviewer", make_queue("billing")))
    html = shown(colleague, item.run)
    assert f'href="/items/{item.pk}/"' not in html, "an item of a queue that is not theirs"


def test_text_of_customers_and_models_is_only_ever_text(
    page: Client,
    provider: Provider,  # noqa: F811
) -> None:
    provider.answers["Drafted"] = {
        "reply": EVIL,
        "articles": [EVIL],
        "no_draft_reason": EVIL,
    }
    provider.answers["Extracted"] |= {"order_numbers": [EVIL], "urgency_signs": [EVIL]}
    run = worked_on(make_ticket(EVIL, subject=EVIL, customer_name=EVIL).run)
    steps = ["", *run.steps.values_list("key", flat=True), EVIL]
    for step in steps:
        html = page.get(f"/runs/{run.pk}/", {"step": step}).content.decode()
        assert "<script>alert" not in html
        assert "<img" not in html
        assert "<b hx-get" not in html


def test_a_megabyte_is_cut_with_a_note(page: Client, provider: Provider) -> None:  # noqa: F811
    run = worked_on(make_ticket("long " * 200_000).run)
    html = shown(page, run, "?step=")
    assert "The first 8,000 of 1,000,000 characters." in html
    assert len(html) < 200_000


def test_erased_content_is_named(page: Client) -> None:
    run, now = make_item().run, timezone.now()
    Step.objects.create(
        run=run,
        key="forgotten",
        kind=Step.Kind.CHECK,
        attempt=1,
        started_at=now,
        finished_at=now,
        input=RunPayload.objects.create(content=None, erased_at=now),
        result=RunPayload.objects.create(content=None, erased_at=now),
    )
    assert shown(page, run, "?step=forgotten").count("[erased]") == 2


def test_a_step_is_opened_by_a_link_with_and_without_a_script(
    page: Client,
    provider: Provider,  # noqa: F811
) -> None:
    run = worked_on(make_ticket().run)
    html = shown(page, run)
    assert 'id="step-name">draft<' in html, "the draft is what most look for"
    assert 'href="?step=recall"' in html
    path = f"/runs/{run.pk}/?step=recall"
    part = page.get(path, headers={"HX-Request": "true"})
    assert 'id="step-name">recall<' in part.content.decode()
    assert "Delivery times" in part.content.decode()
    assert "<body" not in part.content.decode()
    assert "HX-Request" in part["Vary"]
    restored = {"HX-Request": "true", "HX-History-Restore-Request": "true"}
    assert "<body" in page.get(path, headers=restored).content.decode()
    assert 'id="step-name">Triage<' in shown(page, run, "?step=")
    assert 'id="step-name">draft<' in shown(page, run, "?step=unheard-of")


def test_only_what_can_still_change_listens_for_news(
    page: Client,
    provider: Provider,  # noqa: F811
    ada: User,
) -> None:
    run = make_ticket(queue="orders").run
    assert "data-live hx-get" in shown(page, run)
    run = worked_on(run)
    assert "data-live hx-get" in shown(page, run), "its item is open"
    item = claim(ReviewItem.objects.get(), ada)
    assert item.claim_token is not None
    seen = Seen(claim_token=item.claim_token, revision=1, digest=item.digest)
    decisions.reject(item.pk, ada, seen)
    assert "data-live hx-get" not in shown(page, run)


@pytest.fixture
def long_run(ada: User) -> Run:
    """A run of sixty steps over an item with a verdict."""
    item = make_item(make_result())
    now = timezone.now()
    for number in range(60):
        Step.objects.create(
            run=item.run,
            key=f"step-{number}",
            kind=Step.Kind.CHECK,
            attempt=1,
            started_at=now,
            finished_at=now,
            result=RunPayload.objects.create(content={"checks": []}),
        )
    countersign(item.run, ada)
    return item.run


def test_a_long_run_takes_as_many_queries_as_a_short_one(
    page: Client, long_run: Run, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    short = make_item().run
    with django_assert_max_num_queries(MOST_QUERIES):
        page.get(f"/runs/{short.pk}/")
    with django_assert_max_num_queries(MOST_QUERIES):
        page.get(f"/runs/{long_run.pk}/?step=step-59")
