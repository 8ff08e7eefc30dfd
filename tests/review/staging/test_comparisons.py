"""Comparisons end to end: candidates in shadow, on real HTTP, measured against what was sent."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from agents import runner
from agents.calibration import refit_if_stale
from agents.costing import Prices
from agents.evals.models import Label
from agents.models import (
    LIVE,
    STAGING,
    Agent,
    Comparison,
    Effect,
    PromptVersion,
    Run,
    RunPayload,
    Step,
    TierVersion,
    ToolUse,
)
from agents.prompts import prompt
from agents.tier_use import tier_use
from agents.tools.registry import register, tools_of
from agents.versions import change, withdraw
from review import decisions, outcomes, pauses
from review.actions import Answer
from review.claims import claim
from review.decisions import Seen
from review.items import settle_run
from review.models import AuditEntry, ComparedPair, Delivery, ReviewItem, TicketRun
from review.overview import queries
from review.overview.period import period_of
from review.staging import starting, working
from review.staging.candidates import candidate_of, ground_of
from review.staging.estimates import estimate
from review.staging.gate import LEAST_PAIRS
from review.staging.page import cost_in_words
from review.staging.results import pair_page, results, summary_line
from review.staging.sampling import is_sampled
from review.staging.starting import Asked, reviewed, start_comparison, stop_comparison
from tests.agents.actor import NAME, acting
from tests.builders import make_person, make_ticket
from tests.peers import Received, Reply
from tests.provider import ANSWERS, Provider, completion
from tests.review.staging.seeding import (
    MODEL,
    decide,
    decided_items,
    live_item,
    stage_policy,
    stage_prompt,
    stage_tier,
    work_through,
)

pytestmark = pytest.mark.django_db

BETTER = "Hello Ada,\n\nYour parcel arrives on Monday.\n\nKind regards,\nSupport"
WORSE = "No idea at all, sorry. Ask the carrier, they may have something to say about it."


@pytest.fixture(autouse=True)
def no_undo(settings: Settings) -> None:
    settings.UNDO_WINDOW_S = 0


@pytest.fixture
def boss(installed: Agent) -> User:
    return make_person("boss", "admin")


@pytest.fixture
def agent(installed: Agent) -> Agent:
    return installed


def asking(number: int = 10) -> Asked:
    return Asked(reviewed_items=number)


def started(agent: Agent, by: User, asked: Asked) -> Comparison:
    return start_comparison(agent, asked, by, agreed=True, agreed_usd=Decimal(100))


def answering(provider: Provider, draft: str, *, model: str = "candidate") -> None:
    """Let the candidate's model draft this, and live's as ever."""
    drafted = {**ANSWERS["Drafted"], "reply": draft}

    def before(form: str) -> Reply | None:
        asked: Received = provider.peer.requests[-1]
        if form == "Drafted" and asked.json["model"] == model:
            return completion(drafted)
        return None

    provider.before = before


def pairs_of(comparison: Comparison) -> list[ComparedPair]:
    return list(comparison.pairs.order_by("pk"))


def test_a_candidate_is_run_on_what_was_decided_and_held_against_what_was_sent(
    agent: Agent,
    boss: User,
    ada: User,
    provider: Provider,
) -> None:
    live = str(ANSWERS["Drafted"]["reply"])
    unedited = decide(live_item(), ada)
    edited = decide(live_item(), ada, live.replace("Friday", "Monday"))
    answering(provider, BETTER)
    stage_tier()
    comparison = started(agent, boss, asking())
    assert work_through() == 2
    comparison.refresh_from_db()
    assert (comparison.status, comparison.reviewed_items) == ("done", 2)
    by_run = {pair.live_run_id: pair for pair in pairs_of(comparison)}
    worse, better = by_run[unedited.run_id], by_run[edited.run_id]
    assert (worse.live["edits"], worse.candidate["edits"], worse.standing) == (0, 1, "worse")
    assert (better.live["edits"], better.candidate["edits"], better.standing) == (1, 0, "better")
    assert better.live["category_is_right"] is better.candidate["category_is_right"] is True
    assert better.candidate["cost_usd"] is None, "the candidate's price is unknown, not nothing"
    assert better.candidate["input_tokens"] == 3 * 120
    shadow = Run.objects.get(pair=better)
    assert (shadow.environment, shadow.shadow_of_id) == (STAGING, edited.run_id)
    assert shadow.input_id == edited.run.input_id, "so that erasing the one erases the other"
    assert set(shadow.steps.exclude(model="").values_list("tier", "model")) == {
        (1, "openai/test-model"),
        (2, MODEL),
    }
    assert summary_line(comparison) == "gate: 2 of 2, as many edits"


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


def test_an_error_of_the_candidate_is_kept_apart_and_counts_against_it(
    agent: Agent,
    boss: User,
    ada: User,
    provider: Provider,
) -> None:
    decide(live_item(), ada)
    decide(live_item(), ada)
    provider.before = lambda form: Reply(status=500) if form == "Drafted" else None
    stage_tier()
    comparison = started(agent, boss, asking())
    work_through()
    comparison.refresh_from_db()
    found = results(comparison)
    assert [pair.standing for pair in pairs_of(comparison)] == ["error", "error"]
    assert found.errors == [("provider_error", 0, 2)]
    assert (found.score.live.part, found.score.candidate.part) == (2, 0)
    assert found.gate.word == "fail"
    assert found.gate.reason == "2 of 2 shadow runs failed, 0 of live's."


def test_rejected_drafts_are_counted_apart(
    agent: Agent,
    boss: User,
    ada: User,
    provider: Provider,
) -> None:
    decide(live_item(), ada, "")
    stage_tier()
    comparison = started(agent, boss, asking())
    work_through()
    found = results(comparison)
    assert (len(found.rejected), found.score.live.whole) == (1, 0)
    assert found.rejected[0].candidate.drafted


def test_a_comparison_keeps_its_versions_whatever_staging_becomes(
    agent: Agent,
    boss: User,
    ada: User,
    provider: Provider,
) -> None:
    for _ in range(2):
        decide(live_item(), ada)
    version = stage_tier()
    comparison = started(agent, boss, asking())
    (first,) = working.advance(timezone.now())
    runner.execute(first)
    stage_tier(model="openai/another")
    withdraw(stage_prompt(agent, "You are $support_name of $company."))
    work_through()
    assert comparison.versions == [["tier", version.pk]]
    drafted = Step.objects.filter(run__comparison=comparison, key="draft")
    assert set(drafted.values_list("model", flat=True)) == {MODEL}


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


def test_a_stopped_comparison_runs_no_more_and_keeps_what_it_found(
    agent: Agent,
    boss: User,
    ada: User,
    provider: Provider,
) -> None:
    for _ in range(3):
        decide(live_item(), ada)
    stage_tier()
    comparison = started(agent, boss, asking())
    (first,) = working.advance(timezone.now())
    runner.execute(first)
    (second,) = working.advance(timezone.now())
    assert stop_comparison(comparison.pk, boss)
    assert not stop_comparison(comparison.pk, boss), "once"
    assert Run.objects.get(pk=second).status == "cancelled"
    assert working.advance(timezone.now()) == []
    assert results(comparison).measured == 1
    assert AuditEntry.objects.filter(action="comparison.stopped").count() == 1
    started(agent, boss, asking())


@pytest.mark.parametrize("why", ["same", "running", "undecided", "nothing", "cost"])
def test_a_start_that_makes_no_sense_is_refused(
    agent: Agent,
    boss: User,
    ada: User,
    provider: Provider,
    why: str,
) -> None:
    errors: dict[str, type[Exception]] = {
        "same": starting.SameAsLive,
        "running": starting.AlreadyRunning,
        "undecided": starting.NothingDecided,
        "nothing": starting.NothingAsked,
        "cost": starting.CostNotAgreed,
    }
    if why != "same":
        stage_tier()
    if why != "undecided":
        decide(live_item(), ada)
    if why == "running":
        started(agent, boss, asking())
    with pytest.raises(errors[why]):
        start_comparison(agent, asking(0 if why == "nothing" else 5), boss, agreed=why != "cost")
    assert Comparison.objects.count() == (why == "running")


def test_another_agents_prompt_is_no_difference(agent: Agent) -> None:
    other = Agent.objects.create(slug="other", name="Other", fallback_queue="care")
    stage_prompt(other, "Hello.")
    assert candidate_of(agent) == []


def test_erased_items_are_passed_over_and_counted(
    agent: Agent,
    boss: User,
    ada: User,
    provider: Provider,
) -> None:
    items = [decide(live_item(), ada) for _ in range(3)]
    erase(items[2].run.input_id)
    chosen = reviewed(ground_of(agent), 2)
    assert [run for _, run in chosen.verdicts] == [items[1].run_id, items[0].run_id]
    assert chosen.skipped_erased == 1


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


def test_an_item_erased_after_the_start_is_not_run(
    agent: Agent,
    boss: User,
    ada: User,
    provider: Provider,
) -> None:
    item = decide(live_item(), ada)
    stage_tier()
    comparison = started(agent, boss, asking())
    erase(item.run.input_id)
    assert work_through() == 0
    assert [pair.standing for pair in pairs_of(comparison)] == ["erased"]


def erase(payload_id: int) -> None:
    """Erase a run's payload as the eraser's role does."""
    table = RunPayload._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER refuse_unless_erasing")
        cursor.execute(f"UPDATE {table} SET content = NULL WHERE id = %s", [payload_id])
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER refuse_unless_erasing")


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


@given(st.integers(1, 10**9), st.integers(0, 100))
def test_the_sample_is_the_same_whenever_it_is_asked_for_and_as_large_as_wished(
    comparison_id: int, share: int
) -> None:
    drawn = [is_sampled(comparison_id, run_id, share) for run_id in range(400)]
    assert drawn == [is_sampled(comparison_id, run_id, share) for run_id in range(400)]
    assert abs(sum(drawn) / 400 - share / 100) < 0.12
    assert not any(drawn) or share
    assert all(drawn) or share < 100


def test_a_candidate_of_the_embedded_model_is_free_and_another_is_not(
    agent: Agent, ada: User
) -> None:
    stage_prompt(agent, "Be short.")
    assert estimate(ground_of(agent), candidate_of(agent)).is_free
    stage_tier()
    cost = estimate(ground_of(agent), candidate_of(agent))
    assert (cost.is_free, cost.usd_per_run) == (False, None)


def test_an_unknown_price_is_unpriced_and_a_known_one_is_added_up(
    agent: Agent,
    ada: User,
    provider: Provider,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    live_item()
    stage_tier()
    found = estimate(ground_of(agent), candidate_of(agent))
    assert found.unpriced == [MODEL, "openai/test-model"]
    price = Prices(
        input_usd=Decimal("0.001"), output_usd=Decimal("0.01"), cached_usd=Decimal("0.001")
    )
    monkeypatch.setattr("review.staging.estimates.prices_of", lambda model: price)
    found = estimate(ground_of(agent), candidate_of(agent))
    assert found.usd_per_run == 3 * (120 * price.input_usd + 30 * price.output_usd)
    assert found.for_runs(10) == 10 * found.usd_per_run
    assert found.runs_seen == 1
    assert found.uncounted == ["plan", "redraft"], "nothing tells what those take"
    said = cost_in_words(found, 10)
    assert said.endswith("No calls last week, so not counted: plan, redraft.")
    embedded = {"model": "local/countersign", "fallbacks": [], "endpoints": {}}
    change(TierVersion, LIVE, {"tier": 3}, lambda _: embedded, reason="x", by=None)
    found = estimate(ground_of(agent), candidate_of(agent))
    assert found.uncounted == ["redraft"], "the embedded model's plans cost nothing"


def test_a_policy_alone_is_compared_by_outcomes(
    agent: Agent,
    boss: User,
    ada: User,
    provider: Provider,
) -> None:
    decide(live_item(), ada)
    stage_policy(agent, [])
    assert candidate_of(agent)
    comparison = started(agent, boss, asking())
    work_through()
    assert [pair.standing for pair in pairs_of(comparison)] == ["same"]


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


def test_pages_of_pairs_are_in_order_and_lose_none(agent: Agent, boss: User, ada: User) -> None:
    comparison = Comparison.objects.create(agent=agent, versions=[], reviewed_items=60)
    items = decided_items(ada, 60)
    now = timezone.now()
    ComparedPair.objects.bulk_create(
        ComparedPair(
            comparison=comparison,
            live_run=item.run,
            verdict=item.verdicts.get(),
            measured_at=now,
            badness=number % 7 - 3,
            standing="worse" if number % 7 > 3 else "better" if number % 7 < 3 else "same",
        )
        for number, item in enumerate(items)
    )
    for best_first in (False, True):
        seen: list[tuple[int, int]] = []
        after = ""
        while True:
            page = pair_page(comparison, best_first=best_first, after=after)
            seen += [(pair.badness, pair.pk) for pair in page.pairs]
            after = page.after
            if not after:
                break
        assert len(set(seen)) == 60
        sign = 1 if best_first else -1
        assert seen == sorted(seen, key=lambda one: (sign * one[0], one[1]))
    worse = pair_page(comparison, shown="worse")
    assert {pair.standing for pair in worse.pairs} == {"worse"}


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
