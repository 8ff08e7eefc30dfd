"""Live traffic that a comparison takes along: sampled, run, and judged once it is decided."""

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from agents.models import Agent
from review.staging import starting, working
from review.staging.results import results
from review.staging.starting import Asked, stop_comparison
from tests.provider import Provider
from tests.review.staging.comparing import pairs_of, started
from tests.review.staging.seeding import (
    decide,
    live_item,
    stage_tier,
    work_through,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_undo")]


def test_live_traffic_is_sampled_run_and_judged_once_somebody_has_decided(
    agent: Agent,
    boss: User,
    ada: User,
    provider: Provider,
) -> None:
    stage_tier()
    asked = Asked(reviewed_items=0, live_share_percent=100, live_wished=2)
    comparison = started(agent, boss, asked)
    items = [live_item() for _ in range(3)]
    assert comparison.pairs.count() == 2, "as many as were wished for"
    work_through()
    comparison.refresh_from_db()
    assert comparison.status == "done"
    assert [pair.standing for pair in pairs_of(comparison)] == ["open", "open"]
    decide(items[0], ada)
    working.advance(timezone.now())
    assert [pair.standing for pair in pairs_of(comparison)] == ["same", "open"]
    assert results(comparison).score.live.whole == 1


def test_no_more_live_traffic_is_taken_once_it_is_stopped(
    agent: Agent,
    boss: User,
    ada: User,
    provider: Provider,
) -> None:
    stage_tier()
    asked = Asked(reviewed_items=0, live_share_percent=100, live_wished=5)
    comparison = started(agent, boss, asked)
    stop_comparison(comparison.pk, boss)
    live_item()
    assert comparison.pairs.count() == 0


def test_settling_a_run_twice_takes_it_once(
    agent: Agent,
    boss: User,
    provider: Provider,
) -> None:
    stage_tier()
    asked = Asked(reviewed_items=0, live_share_percent=100, live_wished=5)
    comparison = started(agent, boss, asked)
    item = live_item()
    starting.take_live_run(item.run)
    assert comparison.pairs.count() == 1
