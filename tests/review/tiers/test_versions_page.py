"""Staging beside live, promoting from there, the history, and one click back."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from agents.models import LIVE, STAGING, Agent, Comparison, RouteVersion, Spend, TierVersion
from agents.tiers import live_tier, routes
from review.models import AuditEntry
from review.tiers.changing import change_routes, change_tier
from tests.peers import HttpPeer
from tests.review.tiers.test_changing import live_routes, settings_of, staged

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("static_files", "no_keys")]


def changed(tier: int, by: User, reason: str, **changes: Any) -> TierVersion:
    """The tier's new live version."""
    live = live_tier(tier)
    wanted = settings_of(live, **changes)
    return change_tier(tier, LIVE, wanted, based_on=live.pk, reason=reason, by=by)


def text_of(page: Client, path: str) -> str:
    response = page.get(path)
    assert response.status_code == 200
    return response.content.decode()


def test_staging_stands_beside_live_field_by_field(
    page: Client, jo: User, installed: Agent
) -> None:
    assert "Staging is as live is" in text_of(page, "/tiers/differences/")
    assert "Staging differs" not in text_of(page, "/tiers/")
    version = staged(2, jo, max_tokens=900, timeout_s=30)
    change_routes(
        STAGING, {**routes(), "redraft": 3}, based_on=live_routes().pk, reason="Hard.", by=jo
    )
    assert "Staging differs in 2 places" in text_of(page, "/tiers/")
    text = text_of(page, "/tiers/differences/")
    for said in ("1,200 tokens", "900 tokens", "45 s", "30 s", "tier 2", "tier 3"):
        assert f"<del>{said}</del>" in text or f"<ins>{said}</ins>" in text, said
    assert text.count("Nobody has compared it with live yet") == 2
    Comparison.objects.create(
        agent=installed, versions=[["tier", version.pk]], reviewed_items=240, status="done"
    )
    assert "on 240 decided items: done" in text_of(page, "/tiers/differences/").replace("\n", " ")
    assert "gate: nothing to compare yet" in text_of(page, "/tiers/")


def test_promoting_needs_a_reason_and_says_what_counts(page: Client, jo: User) -> None:
    version = staged(2, jo, max_tokens=900)
    path = f"/tiers/versions/tier/{version.pk}/promote/"
    beside = live_tier(2).pk
    response = page.post(path, {"beside": beside, "reason": ""})
    assert response.status_code == 422
    assert "Say why" in response.content.decode()
    response = page.post(path, {"beside": beside, "reason": "Shorter."}, follow=True)
    assert "from its next call on" in response.content.decode()
    assert (live_tier(2).max_tokens, live_tier(2).created_by) == (900, jo)
    again = page.post(path, {"beside": beside, "reason": "Shorter."})
    assert again.status_code == 422
    assert "Staging has changed meanwhile" in again.content.decode()
    assert page.get(path)["Location"] == "/tiers/differences/"


def test_withdrawing_says_so_once(page: Client, jo: User) -> None:
    version = staged(2, jo, max_tokens=900)
    path = f"/tiers/versions/tier/{version.pk}/withdraw/"
    assert "Withdrawn: staging is as live" in page.post(path, follow=True).content.decode()
    assert "not on staging any more" in page.post(path, follow=True).content.decode()
    live = f"/tiers/versions/tier/{live_tier(2).pk}/withdraw/"
    assert "not on staging any more" in page.post(live, follow=True).content.decode()
    assert live_tier(2).is_live


def test_a_candidate_that_live_has_overtaken_says_so(page: Client, jo: User) -> None:
    staged(2, jo, max_tokens=900)
    assert "Live has changed since" not in text_of(page, "/tiers/")
    changed(2, jo, "Meanwhile.", retries=3)
    assert "Live has changed since" in text_of(page, "/tiers/")
    assert "To promote this would undo that." in text_of(page, "/tiers/differences/")


def test_the_history_tells_who_when_why_what_and_where_from(page: Client, jo: User) -> None:
    version = staged(2, jo, max_tokens=900)
    page.post(
        f"/tiers/versions/tier/{version.pk}/promote/",
        {"beside": live_tier(2).pk, "reason": "Shorter is better."},
    )
    text = text_of(page, "/tiers/history/?of=2")
    assert "Longest answer: 1,200 tokens → 900 tokens" in text
    assert "Shorter is better." in text
    assert "from staging v1" in text
    assert "the installation" in text
    assert text.count("Use again") >= 2, "staging's and the first"
    assert "Shorter is better." not in text_of(page, "/tiers/history/?of=1")


def test_any_two_versions_are_compared_field_by_field(page: Client, jo: User) -> None:
    first = live_tier(2)
    version = staged(2, jo, max_tokens=900)
    last = changed(2, jo, "Warm.", temperature=0.9, budget_day_usd=Decimal(40))
    text = text_of(page, f"/tiers/history/?of=2&v={last.pk}&v={first.pk}")
    assert "They differ in" in text
    for said in ("<del>0.2</del>", "<ins>0.9</ins>", "<ins>$40</ins>", "Live v1", "Live v2"):
        assert said in text, said
    assert "Staging v1" in text_of(page, f"/tiers/history/?of=2&v={last.pk}&v={version.pk}")
    for wrong in (f"v={last.pk}", f"v={last.pk}&v=999999", f"v={last.pk}&v={live_tier(1).pk}"):
        assert "Choose two versions" in text_of(page, f"/tiers/history/?of=2&{wrong}"), wrong


def test_one_click_takes_a_tier_and_the_routes_back(page: Client, jo: User) -> None:
    first = live_tier(2)
    changed(2, jo, "Warm.", temperature=0.9, max_concurrent=2)
    assert "Tier 2 back to version 1" in text_of(page, "/tiers/")
    response = page.post(f"/tiers/versions/tier/{first.pk}/use/", follow=True)
    assert "Tier 2 runs on local/countersign from its next call on." in response.content.decode()
    assert live_tier(2).content == first.content
    assert live_tier(2).came_from == first
    entry = AuditEntry.objects.filter(action="tier.changed").latest("pk")
    assert entry.detail["reason"] == f"Back to version 1: {first.reason}"

    before = live_routes()
    change_routes(LIVE, {**routes(), "redraft": 3}, based_on=before.pk, reason="Hard.", by=jo)
    assert "Routes back to version 1" in text_of(page, "/tiers/")
    response = page.post(f"/tiers/versions/routes/{before.pk}/use/", follow=True)
    assert "Tasks run by these routes from their next run on." in response.content.decode()
    assert routes()["redraft"] == 2
    entry = AuditEntry.objects.filter(action="routes.changed").latest("pk")
    assert entry.detail["reason"] == f"Back to version 1: {before.reason}"


def test_what_is_amiss_is_said_in_words(page: Client, known_key: str, endpoint: HttpPeer) -> None:
    text = text_of(page, "/tiers/")
    assert "overdue" not in text
    assert ">look<" not in text
    yesterday = timezone.localdate() - timedelta(days=1)
    TierVersion.objects.filter(tier=1).update(look_again_on=yesterday)
    TierVersion.objects.filter(tier=2).update(
        model="openai/unheard-of", fallbacks=["openai/unheard-of"], budget_day_usd=40
    )
    TierVersion.objects.filter(tier=3).update(model="openai/good", endpoints={"openai/good": "x"})
    text = text_of(page, "/tiers/")
    assert "that was due 1 day ago" in text
    assert ">overdue<" in text
    assert "No key for openai/unheard-of is known" in text
    assert "No key for openai/good" not in text, "an endpoint of one's own may want none"
    assert "openai/unheard-of is asked twice" in text
    assert "nobody knows the price of openai/unheard-of" in text


def test_the_days_budget_and_tier_threes_share_are_shown(page: Client) -> None:
    TierVersion.objects.filter(tier=2).update(budget_day_usd=40)
    day = timezone.localdate().isoformat()
    Spend.objects.create(scope=f"live/2/{day}", spent_usd="12.5", reserved_usd="0.25")
    Spend.objects.create(scope="live/2/2020-01-01", spent_usd="9", reserved_usd="0")
    text = text_of(page, "/tiers/")
    assert "$12.75 of $40" in text
    assert "budget is gone" not in text
    Spend.objects.filter(scope=f"live/2/{day}").update(spent_usd=40)
    assert "budget is gone" in text_of(page, "/tiers/")


def test_a_version_of_no_kind_or_place_is_not_found(page: Client) -> None:
    version = live_tier(2)
    assert page.post(f"/tiers/versions/policy/{version.pk}/use/").status_code == 404
    assert page.post("/tiers/versions/routes/999999/use/").status_code == 404
    RouteVersion.objects.update(environment="elsewhere")
    found = RouteVersion.objects.get()
    assert page.post(f"/tiers/versions/routes/{found.pk}/use/").status_code == 404
