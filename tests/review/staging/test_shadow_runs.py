"""What runs in shadow gets in nobody's way, does nothing and teaches nothing."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from agents import runner
from agents.calibration import refit_if_stale
from agents.evals.models import Label
from agents.models import Agent, Effect, Run, ToolUse
from agents.tier_use import tier_use
from agents.tools.registry import register, tools_of
from review import decisions, outcomes, pauses
from review.actions import Answer
from review.claims import claim
from review.decisions import Seen
from review.items import settle_run
from review.models import Delivery, ReviewItem, TicketRun
from review.overview import queries
from review.overview.period import period_of
from review.staging import working
from tests.agents.actor import NAME, acting
from tests.builders import make_ticket
from tests.peers import Reply
from tests.provider import Provider
from tests.review.staging.comparing import asking, started
from tests.review.staging.seeding import (
    decide,
    decided_items,
    live_item,
    stage_policy,
    stage_tier,
    work_through,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_undo")]


def test_nothing_comes_of_a_shadow_run(
    agent: Agent,
    boss: User,
    ada: User,
    provider: Provider,
) -> None:
    decide(live_item(), ada)
    models = (ReviewItem, TicketRun, Label, Delivery, Effect)
    before = [model._default_manager.count() for model in models]
    stage_tier()
    started(agent, boss, asking())
    assert work_through() == 1
    assert [model._default_manager.count() for model in models] == before


def test_shadow_runs_never_crowd_out_live_ones(
    agent: Agent,
    boss: User,
    ada: User,
    provider: Provider,
) -> None:
    decided_items(ada, 3)
    stage_tier()
    started(agent, boss, asking())
    waiting = live_item_queued()
    assert working.advance(timezone.now()) == [], "a live run waits for a worker"
    runner.execute(waiting.pk)
    assert len(working.advance(timezone.now())) == 1
    assert working.advance(timezone.now()) == [], "one at a time"


def live_item_queued() -> Run:
    run = make_ticket().run
    assert run is not None
    return run


def test_a_shadow_run_that_lost_its_worker_goes_on(
    agent: Agent,
    boss: User,
    ada: User,
    provider: Provider,
) -> None:
    decide(live_item(), ada)
    stage_tier()
    comparison = started(agent, boss, asking())
    (run_id,) = working.advance(timezone.now())
    long_ago = timezone.now() - timedelta(minutes=5)
    Run.objects.filter(pk=run_id).update(status="running", heartbeat_at=long_ago, attempts=1)
    assert Run.objects.filter(runner.due(timezone.now()), pk=run_id).exists()
    runner.execute(run_id)
    work_through()
    comparison.refresh_from_db()
    assert comparison.status == "done"


def test_shadow_runs_teach_and_count_nothing(
    agent: Agent,
    boss: User,
    ada: User,
    provider: Provider,
) -> None:
    decide(live_item(), ada)
    refit_if_stale(agent)
    before = figures()
    stage_tier()
    started(agent, boss, asking())
    provider.before = lambda form: Reply(status=500) if form == "Drafted" else None
    work_through()
    refit_if_stale(agent)
    assert figures() == before


def figures() -> list[object]:
    """What the overview and the tiers say of runs, calls and errors."""
    now = timezone.now()
    today = timezone.localdate(now)
    days = period_of({}, today, timezone.get_current_timezone())
    use, standing = tier_use(now - timedelta(days=7)), queries.standing(now)
    return [
        {tier: (one.calls, one.failed, one.cost_usd) for tier, one in use.items()},
        (standing.failed_lately, standing.ended_lately, standing.overdue_runs),
        [(one.day, one.ended, one.failed) for one in queries.runs(days)],
        queries.errors(days),
        queries.calls(days),
    ]


def test_a_shadow_run_never_executes_a_write_tool_that_live_was_allowed(
    agent: Agent, boss: User, ada: User
) -> None:
    with acting() as actor:
        actor.plan = [("look_up", {"order": "HCW-1"}), ("pay", {"order": "HCW-1", "amount": 35})]
        run = actor.request()
        runner.execute(run.pk)
        asked = pauses.ask(run.pk)
        assert asked is not None
        approve_action(asked, ada)
        runner.execute(run.pk)
        item = settle_run(run.pk)
        assert item is not None
        decide(item, ada)
        assert (len(actor.till.paid), Effect.objects.count()) == (1, 1)
        stage_policy(actor.agent, [])
        comparison = started(actor.agent, boss, asking())
        assert work_through() == 1
        shadow = comparison.runs.get()
        assert (shadow.status, shadow.pauses.count()) == ("done", 0)
        assert [told.status for told in actor.told] == ["done", "shadow"]
        assert (len(actor.till.paid), Effect.objects.count()) == (1, 1)


def approve_action(item: ReviewItem, person: User) -> None:
    """Agree to the call that the run waits with, and let the verdict reach it."""
    claimed = claim(item, person)
    assert claimed.claim_token is not None
    seen = Seen(claim_token=claimed.claim_token, revision=claimed.revision, digest=claimed.digest)
    decisions.decide(
        item.pk, person, seen, [Answer(said="go", final={"order": "HCW-1", "amount": 35})]
    )
    for delivery in Delivery.objects.filter(state="due"):
        outcomes.deliver(delivery.pk)


def test_shadow_runs_use_up_nothing_of_lives_tool_limits_and_have_their_own(
    agent: Agent, boss: User, ada: User
) -> None:
    with acting() as actor:
        register(NAME, replace(tools_of(NAME)["look_up"], per_day=2))
        actor.plan = [("look_up", {"order": "HCW-1"})]
        for _ in range(2):
            run = actor.request()
            runner.execute(run.pk)
            item = settle_run(run.pk)
            assert item is not None
            decide(item, ada)
        stage_policy(actor.agent, [])
        comparison = started(actor.agent, boss, asking())
        assert work_through() == 2
        assert {shadow.status for shadow in comparison.runs.all()} == {"done"}
        counted = ToolUse.objects.values_list("is_shadow", "calls")
        assert sorted(counted) == [(False, 2), (True, 2)]
        stage_policy(actor.agent, [{"name": "one"}])
        later = started(actor.agent, boss, asking(1))
        work_through()
        assert later.runs.get().error_type == "tool_error", "they are limited too"
