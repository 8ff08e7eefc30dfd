"""Comparisons end to end: candidates in shadow, on real HTTP, measured against what was sent."""

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from agents import runner
from agents.models import STAGING, Agent, Comparison, Run, RunPayload, Step
from agents.versions import withdraw
from review.models import AuditEntry, ComparedPair
from review.staging import starting, working
from review.staging.candidates import candidate_of, ground_of
from review.staging.results import pair_page, results, summary_line
from review.staging.starting import reviewed, start_comparison, stop_comparison
from tests.peers import Reply
from tests.provider import ANSWERS, Provider
from tests.review.staging.comparing import BETTER, answering, asking, pairs_of, started
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

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_undo")]

WORSE = "No idea at all, sorry. Ask the carrier, they may have something to say about it."


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
