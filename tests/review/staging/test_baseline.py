"""What a candidate is held against: live as it is now, and no live that is no more."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User

from agents import runner
from agents.models import LIVE, Agent, PromptVersion, Run, TierVersion
from agents.prompts import prompt
from agents.versions import change, withdraw
from review.items import settle_run
from review.staging.candidates import ground_of
from review.staging.gate import LEAST_PAIRS
from review.staging.starting import Asked, reviewed
from tests.builders import make_ticket
from tests.provider import Provider
from tests.review.staging.comparing import asking, started
from tests.review.staging.seeding import decide, decided_items, live_item, stage_tier

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_undo")]


def live_changes() -> None:
    change(TierVersion, LIVE, {"tier": 1}, lambda was: {"retries": 3}, reason="x", by=None)


def test_what_live_answered_before_it_changed_is_compared_and_counted_as_that(
    agent: Agent, boss: User, ada: User
) -> None:
    decided_items(ada, 2)
    live_changes()
    decided_items(ada, 1)
    stage_tier()
    comparison = started(agent, boss, asking())
    assert (comparison.reviewed_items, comparison.order.earlier_live) == (3, 2)


def test_what_live_answered_as_it_is_now_is_taken_alone_where_it_is_enough(
    agent: Agent, ada: User
) -> None:
    decided_items(ada, 2)
    live_changes()
    now = [item.run_id for item in decided_items(ada, LEAST_PAIRS)]
    chosen = reviewed(ground_of(agent), 200)
    assert ({run for _, run in chosen.verdicts}, chosen.earlier_live) == ({*now}, 0)
    few = reviewed(ground_of(agent), 2)
    assert few.earlier_live == 0, "fewer were asked for, and all of them are live's as it is"


def test_what_a_prompt_drafted_that_went_back_to_the_file_is_of_an_earlier_live(
    agent: Agent, boss: User, ada: User, provider: Provider
) -> None:
    by_file = decide(live_item(), ada)
    key = {"agent_id": agent.pk, "task": "draft"}
    text = {"text": prompt("triage", "draft").text + "Be brief.\n"}
    _, edited = change(PromptVersion, LIVE, key, lambda _: text, reason="x", by=boss)
    decide(live_item(), ada)
    assert withdraw(edited), "the release's file counts again, and leaves no newer version"
    assert [run for _, run in reviewed(ground_of(agent), 1).verdicts] == [by_file.run_id]
    both = reviewed(ground_of(agent), 2)
    assert (len(both.verdicts), both.earlier_live) == (2, 1)


def test_a_run_asked_for_before_the_comparison_is_none_of_its_traffic(
    agent: Agent, boss: User, provider: Provider
) -> None:
    run = make_ticket("Where is my parcel?").run
    assert run is not None
    stage_tier()
    asked = Asked(reviewed_items=0, live_share_percent=100, live_wished=2)
    comparison = started(agent, boss, asked)
    runner.execute(run.pk)
    settle_run(run.pk)
    assert comparison.pairs.count() == 0


def test_what_is_older_than_the_first_tiers_is_of_no_earlier_live(
    agent: Agent, ada: User, provider: Provider
) -> None:
    item = decide(live_item(), ada)
    asked = item.run.created_at - timedelta(days=365)
    Run.objects.filter(pk=item.run_id).update(created_at=asked)
    found = reviewed(ground_of(agent), 10)
    assert (len(found.verdicts), found.earlier_live) == (1, 0)
