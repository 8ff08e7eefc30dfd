"""The manager's overview: what counts, what is said of it, and what stands behind it."""

import json
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.contrib.auth.models import User
from django.contrib.staticfiles import finders
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from agents.models import Agent, Calibration, Category, Run, RunPayload, Step, TierVersion
from agents.prompts import prompt
from agents.tiers import tier_of
from review import decisions, outcomes, undoing
from review.claims import claim
from review.models import Delivery, ReviewItem, Verdict
from review.overview import queries
from review.overview.decided_items import OUTCOMES, decided_items, in_force
from review.overview.figures import Overview, overview
from review.overview.period import period_of
from tests.builders import DRAFT, end_run, make_item, make_person, make_result, make_ticket
from tests.review.overview_data import make_past

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("static_files")]

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
REWRITTEN = "Hi. We do not know yet where it is. Please bear with us until Monday. Bye."


@pytest.fixture
def page(installed: Agent) -> Client:
    client = Client()
    client.force_login(make_person("clara", "manager"))
    return client


def read(client: Client, query: str = "") -> str:
    """The page's text with ordinary spaces."""
    response = client.get(f"/overview/{query}")
    assert response.status_code == 200
    return re.sub(r"[\u202f\xa0\s]+", " ", response.content.decode())


def decide(person: User, text: str | None = DRAFT, item: ReviewItem | None = None) -> Verdict:
    """A verdict on an item with a draft: sent with this text, or rejected without one."""
    item = claim(item or make_item(), person)
    assert item.claim_token is not None
    seen = decisions.Seen(claim_token=item.claim_token, revision=item.revision, digest=item.digest)
    if text is None:
        return decisions.reject(item.pk, person, seen)
    verdict = decisions.send(item.pk, person, seen, text=text)
    assert verdict is not None
    return verdict


def deliver(verdict: Verdict) -> None:
    with time_machine.travel(timezone.now() + timedelta(seconds=11)):
        outcomes.deliver(verdict.delivery.pk)


def figures_now(query: dict[str, str] | None = None) -> Overview:
    now = timezone.now()
    return overview(period_of(query or {}, now.date(), ZoneInfo("UTC")), now)


def test_only_who_sees_every_queue_sees_it(ada: User) -> None:
    client = Client()
    assert client.get("/overview/").status_code == 302
    client.force_login(ada)
    for path in ("/overview/", "/overview/items/"):
        assert client.get(path).status_code == 403


def test_before_the_first_verdict_it_says_so_and_draws_nothing(page: Client) -> None:
    text = read(page)
    assert "Nothing was decided yet." in text
    assert "Nothing needs you." in text
    assert "plotly" not in text
    assert "nan" not in text.lower().replace("finance", "")
    assert "None in the last 7 days" in page.get("/overview/items/").content.decode()


def test_few_verdicts_are_said_as_a_count_with_their_interval(page: Client, ada: User) -> None:
    decide(ada)
    decide(ada)
    decide(ada, None)
    text = read(page)
    assert "2 of 3 drafts succeeded in the last 7 days." in text
    assert "Between 21 % and 94 %, with 95 % confidence." in text
    assert "100 %" not in text.split("application/json")[0]


def test_an_undone_verdict_counts_for_nothing(page: Client, ada: User) -> None:
    undoing.undo(decide(ada, REWRITTEN).pk, ada)
    assert figures_now().current.decided == 0
    item = ReviewItem.objects.get()
    decide(ada, DRAFT, item)
    quality = figures_now().current
    assert (quality.decided, quality.success.part, quality.success.whole) == (1, 1, 1)
    assert in_force().count() == 1


def test_a_reply_that_a_newer_message_stopped_counts_for_nothing(page: Client, ada: User) -> None:
    verdict = decide(ada)
    Delivery.objects.filter(verdict=verdict).update(state="undone")
    assert figures_now().current.decided == in_force().count() == 0


def test_the_plain_figure_takes_a_rewrite_in_one_piece_the_metric_does_not(ada: User) -> None:
    verdict = decide(ada, "Wir wissen es noch nicht.")
    assert verdict.edit_operations is not None
    assert verdict.edit_operations < 3
    quality = figures_now().current
    assert (quality.under_3_edits.part, quality.success.part, quality.edited.part) == (1, 0, 1)


def test_without_a_draft_there_is_nothing_to_judge(ada: User) -> None:
    decide(ada, item=make_item(make_result(proposal=None)))
    quality = figures_now().current
    assert (quality.decided, quality.sent) == (1, 1)
    assert quality.success.whole == quality.under_3_edits.whole == 0


def test_first_replies_are_measured_from_the_ticket_and_later_ones_are_not(ada: User) -> None:
    with time_machine.travel(NOON - timedelta(minutes=30), tick=False):
        item = make_item(received_at=timezone.now())
    with time_machine.travel(NOON, tick=False):
        deliver(decide(ada, item=item))
        later = make_item()
        ReviewItem.objects.filter(pk=later.pk).update(ticket=item.ticket)
        Delivery.objects.filter(verdict=decide(ada, item=later)).update(
            ticket=item.ticket, state="sent", sent_at=NOON + timedelta(hours=5)
        )
        (row,) = [row for row in figures_now().replies if row.category is None]
    assert (row.replies, row.first) == (2, 1)
    assert row.first_median_s == pytest.approx(30 * 60 + 11, abs=1)
    assert row.first_median_s == row.first_p90_s


def test_a_day_ends_at_local_midnight(ada: User, settings: Settings) -> None:
    settings.TIME_ZONE = "Europe/Berlin"
    with time_machine.travel(datetime(2026, 11, 15, 23, 30, tzinfo=UTC), tick=False):
        decide(ada)
    now = datetime(2026, 11, 18, 9, tzinfo=UTC)
    period = period_of({"week": "2026-W47"}, now.date(), timezone.get_default_timezone())
    assert [row.day.isoformat() for row in queries.decided(period)] == ["2026-11-16"]
    assert overview(period, now).current.decided == 1


def test_every_figure_has_the_items_that_made_it(page: Client) -> None:
    reviewer = make_person("robin")
    make_past(reviewer, timezone.now(), items=400)
    for query in (
        {"days": "7"},
        {"days": "28"},
        {"week": figures_now().weeks[-2].first.strftime("%G-W%V")},
    ):
        figures = figures_now(query)
        assert figures.current.decided > 20
        for row in figures.categories:
            counts = {
                "decided": row.now.decided,
                "drafts": row.now.success.whole,
                "succeeded": row.now.success.part,
                "failed": row.now.success.rest.part,
                "edited": row.now.edited.part,
                "under-3-edits": row.now.under_3_edits.part,
                "sent": row.now.sent,
            }
            assert counts.keys() == OUTCOMES.keys()
            for outcome, count in counts.items():
                found = decided_items(figures.period, outcome=outcome, category=row.slug)
                assert len(found.items) == min(count, 50), (query, row.slug, outcome)


def test_pages_of_items_follow_each_other_without_gap_or_repetition(page: Client) -> None:
    make_past(make_person("robin"), timezone.now(), items=130, days=7)
    seen: list[int] = []
    address = "/overview/items/?days=7"
    while address:
        response = page.get(address)
        seen += [row.verdict.pk for row in response.context["page"].items]
        following = re.search(r'href="(\?[^"]*after=[^"]+)"', response.content.decode())
        address = "/overview/items/" + following[1].replace("&amp;", "&") if following else ""
    shown = figures_now().current.decided
    assert len(seen) == len(set(seen)) == shown > 100
    assert page.get("/overview/items/?after=nonsense&outcome=x&category=%00").status_code == 200


def test_what_moved_is_said_and_what_did_not_is_not(page: Client) -> None:
    make_past(make_person("robin"), timezone.now(), items=1500)
    text = read(page)
    assert "<b>Drafts for “Vouchers” are edited more</b>" in text
    assert "too much for chance (p &lt; 0.001)" in text
    assert "Drafts for “Repairs”" not in text, "it was always bad, which is no news"
    moved = [row.slug for row in figures_now().categories if (row.edited_p or 1) < 0.05]
    assert moved == ["vouchers"]


def test_it_asks_the_same_number_of_questions_of_much_and_little(page: Client) -> None:
    page.get("/overview/")
    counts = []
    for items in (40, 800):
        with connection.cursor() as cursor:
            cursor.execute("SAVEPOINT before")
        make_past(make_person(f"robin{items}"), timezone.now(), items=items)
        with CaptureQueriesContext(connection) as queried:
            page.get("/overview/?days=28")
        counts.append(len(queried))
        with connection.cursor() as cursor:
            cursor.execute("ROLLBACK TO SAVEPOINT before")
    assert counts[0] == counts[1] <= 16


def test_calls_that_ran_here_cost_nothing_and_unpriced_ones_are_told(page: Client) -> None:
    run = make_item().run
    _call(run, "local", Decimal(0))
    assert "every model call ran on this installation" in read(page)
    _call(run, "unpriced", None)
    assert "1 call of unknown price" in read(page)
    _call(run, "priced", Decimal("0.70"))
    text = read(page)
    assert "$0.10" in text, "a seventh of it a day"
    assert "1 call ran here for nothing; without 1 call of unknown price" in text


def _call(run: Run, pricing: str, cost_usd: Decimal | None) -> None:
    now = timezone.now()
    Step.objects.create(
        run=run, key=pricing, kind="model", attempt=1, started_at=now, finished_at=now,
        result=RunPayload.objects.create(content={}), result_digest="", tier=1, model="test/model",
        prompt_version="triage/x@1", input_tokens=9, output_tokens=9, pricing=pricing,
        cost_usd=cost_usd,
    )  # fmt: skip


def test_replies_that_did_not_arrive_need_a_person(page: Client, ada: User) -> None:
    for state in ("failed", "unknown"):
        Delivery.objects.filter(verdict=decide(ada)).update(state=state)
    text = read(page)
    assert "<b>1 reply was not sent</b>" in text
    assert "<b>1 reply may or may not have arrived</b>" in text


def test_items_that_wait_for_days_and_a_missing_worker_need_a_person(page: Client) -> None:
    with time_machine.travel(timezone.now() - timedelta(days=3)):
        item = make_item()
        make_ticket()
    text = read(page)
    assert "<b>1 item has waited for over a day</b>" in text
    assert f'href="/items/{item.pk}/"' in text
    assert "<b>No worker is running</b>" in text
    assert "1 ticket waiting since" in text


def test_a_working_worker_with_a_queue_is_no_need(page: Client) -> None:
    with time_machine.travel(timezone.now() - timedelta(minutes=5)):
        make_ticket()
    make_item()
    assert "No worker is running" not in read(page)


def test_a_burst_of_failures_needs_a_person_and_a_single_one_does_not(page: Client) -> None:
    make_past(make_person("robin"), timezone.now() - timedelta(days=2), items=200, days=20)
    for number in range(6):
        accepted = make_ticket()
        assert accepted.run is not None
        end_run(accepted.run, error_type="rate_limited")
        assert ("failed in the last 24 hours" in read(page)) == (number >= 2), number
    assert "<code>rate_limited</code>" in read(page)


def test_calls_that_a_fallback_saved_are_errors_too(page: Client) -> None:
    make_past(make_person("robin"), timezone.now(), items=600, days=7)
    saved = [row for row in figures_now().errors if row.saved]
    assert [(row.error_type, row.times > 0) for row in saved] == [("rate_limited", True)]
    assert "A model call failed, and a fallback answered" in read(page)


def test_a_model_whose_confidence_nobody_checked_is_named(page: Client) -> None:
    TierVersion.objects.filter(tier=tier_of("classify")).update(model="somewhere/large")
    assert "<b>The confidence of somewhere/large is not calibrated</b>" in read(page)
    assert "with 0 of the 100 labels needed" in read(page)
    version = prompt("triage", "classify").version
    Calibration.objects.create(
        agent=Agent.objects.get(), model="somewhere/large", prompt_version=version,
        labels=100, slope=1, intercept=0, fitted_at=timezone.now(),
    )  # fmt: skip
    assert "not calibrated" not in read(page)


def test_an_earlier_week_says_what_was_and_not_what_is(page: Client, ada: User) -> None:
    with time_machine.travel(NOON, tick=False):
        decide(ada)
    with time_machine.travel(NOON + timedelta(days=10), tick=False):
        page.force_login(make_person("olga", "manager"))  # the other session is over
        text = read(page, "?week=2026-W47")
    assert "1 of 1 drafts succeeded in the week of 16 November." in text
    assert "Nothing needs you" not in text


def test_names_are_text_in_charts_too(page: Client, ada: User) -> None:
    Category.objects.filter(slug="delivery").update(name="</script><img src=x onerror=alert(1)>")
    decide(ada)
    response = page.get("/overview/")
    text = response.content.decode()
    assert "<img" not in text
    plot = re.search(r'<script id="plot-edits" type="application/json">(.*?)</script>', text)
    assert plot is not None
    labels = json.loads(plot[1])["data"][1]["y"]
    assert "<img" not in labels[0], "Plotly reads some markup in labels"


def test_only_the_page_with_charts_relaxes_its_policy_and_never_for_scripts(page: Client) -> None:
    policy = page.get("/overview/")["Content-Security-Policy"]
    assert "style-src 'self' 'unsafe-inline'" in policy
    assert "script-src 'self';" in policy + ";"
    assert "unsafe-inline" not in page.get("/overview/items/")["Content-Security-Policy"]


def test_plotly_is_served_compressed_and_alone(settings: Settings) -> None:
    assert finders.find("plotly/plotly.min.js")
    served = [path.name for path in (settings.STATIC_ROOT / "plotly").iterdir()]
    assert any(name.endswith(".js.gz") for name in served)
    assert all(name.startswith("plotly.min.") for name in served)
