"""Putting a mix into force: the gate, the second person, and two who press at once."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, connections
from django.utils import timezone

from agents.models import (
    DRAFT,
    LIVE,
    STAGING,
    Agent,
    Comparison,
    PolicyVersion,
    Promotion,
    PromptVersion,
    RouteVersion,
    TierVersion,
)
from agents.policies import default_rules
from agents.rule_forms import as_json
from agents.tiers import routes
from agents.versions import candidate, change, in_force, withdraw
from review import prompt_changes
from review.errors import NotTheSecondPerson, UnfitPrompt
from review.models import AuditEntry, ComparedPair, ComparisonOrder
from review.policies.errors import AnsweredAlready
from review.policies.promoting import approve, ask_for_live
from review.staging.candidates import as_pairs, candidate_of, ground_of
from review.staging.measure import Side
from review.staging.promotion import (
    LiveMoved,
    ReasonNeeded,
    Refused,
    StagingMoved,
    answer,
    gate_for,
    promote_candidate,
)
from tests.builders import make_person, make_ticket
from tests.peers import Reply
from tests.provider import Provider
from tests.review.staging.seeding import MODEL, stage_policy, stage_prompt, stage_tier

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("provider")]

FIT = "Be short, $support_name of $company."


@pytest.fixture
def agent(installed: Agent) -> Agent:
    return installed


@pytest.fixture
def boss(agent: Agent) -> User:
    return make_person("boss", "admin")


@pytest.fixture
def lead(agent: Agent) -> User:
    return make_person("clara", "lead")


def compared(agent: Agent, *, successes: int = 60, of: int = 60) -> Comparison:
    """A finished comparison of what staging differs in, live successful throughout."""
    comparison = Comparison.objects.create(
        agent=agent,
        versions=as_pairs(candidate_of(agent)),
        reviewed_items=of,
        status=Comparison.Status.DONE,
    )
    ComparisonOrder.objects.create(comparison=comparison, live=as_pairs(ground_of(agent).live))
    live = Side(drafted=True, edits=0, kept=1.0, succeeded=True).as_json()
    for number in range(of):
        run = make_ticket().run
        assert run is not None
        well = number < successes
        mine = Side(drafted=True, edits=0 if well else 4, kept=1.0, succeeded=well).as_json()
        ComparedPair.objects.create(
            comparison=comparison,
            live_run=run,
            measured_at=timezone.now(),
            standing="same" if well else "worse",
            live=live,
            candidate=mine,
        )
    return comparison


def make_other_agent() -> Agent:
    return Agent.objects.create(slug="other", name="Other", job="Other.", fallback_queue="orders")


def seen(agent: Agent) -> list[list[Any]]:
    """What the page posts back that showed the mix beside live."""
    return ground_of(agent).seen


def mix(agent: Agent) -> list[list[Any]]:
    return as_pairs(candidate_of(agent))


def test_a_tier_that_passed_its_gate_goes_live_by_one_person(agent: Agent, boss: User) -> None:
    staged = stage_tier()
    compared(agent)
    promotion = promote_candidate(agent, seen(agent), boss)
    live = in_force(TierVersion, LIVE, tier=2)
    assert live is not None
    assert (promotion.outcome, live.model, live.came_from_id) == ("done", MODEL, staged.pk)
    assert live.reason.startswith("No worse: 60 of 60")
    assert candidate() == []
    assert AuditEntry.objects.get(action="promotion.done").detail["gate"] == "pass"


@pytest.mark.parametrize(
    "ground",
    [
        "never compared",
        "too few",
        "worse",
        "live changed",
        "an earlier live",
        "stopped",
        "another agent's",
    ],
)
def test_without_its_gate_a_reason_is_needed_and_kept(
    agent: Agent, boss: User, ground: str
) -> None:
    stage_tier()
    if ground != "never compared":
        number = 20 if ground == "too few" else 60
        compared(agent, of=number, successes=30 if ground == "worse" else number)
    if ground == "stopped":
        Comparison.objects.update(status=Comparison.Status.STOPPED)
    if ground == "another agent's":
        Comparison.objects.update(agent=make_other_agent())
    if ground == "an earlier live":
        ComparisonOrder.objects.update(earlier_live=1)
    if ground == "live changed":
        change(TierVersion, LIVE, {"tier": 1}, lambda was: {"retries": 2}, reason="x", by=boss)
    with pytest.raises(ReasonNeeded):
        promote_candidate(agent, seen(agent), boss, reason="  ")
    assert in_force(TierVersion, LIVE, tier=2).model != MODEL  # type: ignore[union-attr]
    promotion = promote_candidate(agent, seen(agent), boss, reason="The old one is switched off.")
    assert promotion.note.startswith("Against the gate: The old one is switched off.")
    entry = AuditEntry.objects.get(action="promotion.done")
    assert entry.detail["reason"] == "The old one is switched off."
    assert entry.detail["gate"] in {"few", "fail"}


def test_live_that_went_back_to_a_prompts_file_closes_the_gate(agent: Agent, boss: User) -> None:
    key = {"agent_id": agent.pk, "task": "draft"}
    _, edited = change(PromptVersion, LIVE, key, lambda _: {"text": "Hi."}, reason="x", by=boss)
    stage_tier()
    compared(agent)
    assert gate_for(ground_of(agent), mix(agent))[0].is_open
    assert withdraw(edited)
    gate, _ = gate_for(ground_of(agent), mix(agent))
    assert gate.reason.startswith("Live has changed since this was compared.")
    with pytest.raises(ReasonNeeded):
        promote_candidate(agent, seen(agent), boss)


def test_a_mix_with_a_prompt_waits_for_a_second_person_and_then_all_of_it_is_live(
    agent: Agent, boss: User, lead: User
) -> None:
    stage_tier()
    stage_prompt(agent, FIT)
    stage_policy(agent, [{"name": "all"}])
    compared(agent)
    promotion = promote_candidate(agent, seen(agent), boss)
    assert promotion.outcome == "asked"
    assert in_force(PromptVersion, LIVE, agent_id=agent.pk, task="draft") is None
    with pytest.raises(Refused, match="somebody else"):
        answer(promotion.pk, boss, approves=True, seen=seen(agent))
    with pytest.raises(Refused, match="waits for a second person already"):
        promote_candidate(agent, seen(agent), boss)
    read = seen(agent)
    done = answer(promotion.pk, lead, approves=True, seen=read, said="Read it.")
    assert done.outcome == "done"
    prompt = in_force(PromptVersion, LIVE, agent_id=agent.pk, task="draft")
    policy = in_force(PolicyVersion, LIVE, agent_id=agent.pk)
    tier = in_force(TierVersion, LIVE, tier=2)
    assert prompt
    assert policy
    assert tier
    assert (prompt.created_by, prompt.approved_by) == (boss, lead)
    assert tier.model == MODEL
    with pytest.raises(Refused, match="decided already"):
        answer(promotion.pk, lead, approves=True, seen=read)


def test_a_second_person_refuses_and_who_asked_withdraws(
    agent: Agent, boss: User, lead: User
) -> None:
    stage_prompt(agent, FIT)
    first = promote_candidate(agent, seen(agent), boss, reason="Try.")
    assert answer(first.pk, lead, approves=False, said="Too short.").outcome == "refused"
    second = promote_candidate(agent, seen(agent), boss, reason="Try again.")
    assert answer(second.pk, boss, approves=False).outcome == "withdrawn"
    assert in_force(PromptVersion, LIVE, agent_id=agent.pk, task="draft") is None


@pytest.mark.parametrize("environment", [STAGING, DRAFT])
def test_who_wrote_a_prompt_is_not_its_second_person(
    agent: Agent, boss: User, lead: User, environment: str
) -> None:
    key = {"agent_id": agent.pk, "task": "draft"}
    change(PromptVersion, environment, key, lambda _: {"text": FIT}, reason="x", by=lead)
    if environment == DRAFT:
        stage_prompt(agent, FIT)
    promotion = promote_candidate(agent, seen(agent), boss, reason="Try.")
    with pytest.raises(NotTheSecondPerson):
        answer(promotion.pk, lead, approves=True, seen=seen(agent))
    assert in_force(PromptVersion, LIVE, **key) is None


def test_a_prompt_with_a_fault_is_not_put_live(agent: Agent, boss: User, lead: User) -> None:
    stage_prompt(agent, f"{FIT} Greet $nobody.")
    promotion = promote_candidate(agent, seen(agent), boss, reason="Try.")
    with pytest.raises(UnfitPrompt, match="nobody"):
        answer(promotion.pk, lead, approves=True, seen=seen(agent))
    assert in_force(PromptVersion, LIVE, agent_id=agent.pk, task="draft") is None


def test_live_that_changed_since_it_was_asked_is_not_overwritten(
    agent: Agent, boss: User, lead: User
) -> None:
    stage_tier()
    stage_prompt(agent, FIT)
    promotion = promote_candidate(agent, seen(agent), boss, reason="Try.")
    change(TierVersion, LIVE, {"tier": 2}, lambda _: {"retries": 4}, reason="x", by=boss)
    with pytest.raises(Refused, match="Live has changed since this was asked"):
        answer(promotion.pk, lead, approves=True, seen=seen(agent))
    live = in_force(TierVersion, LIVE, tier=2)
    assert live is not None
    assert (live.retries, live.model) == (4, "openai/test-model")
    assert in_force(PromptVersion, LIVE, agent_id=agent.pk, task="draft") is None


def test_what_was_read_beside_another_live_is_neither_asked_for_nor_approved(
    agent: Agent, boss: User, lead: User
) -> None:
    staged = stage_prompt(agent, FIT)
    promotion = prompt_changes.ask_for_live(staged, note="Go.", by=boss)
    read = seen(agent)
    key = {"agent_id": agent.pk, "task": "draft"}
    change(PromptVersion, LIVE, key, lambda _: {"text": f"{FIT} Now."}, reason="x", by=boss)
    with pytest.raises(LiveMoved):
        promote_candidate(agent, read, boss, reason="Try.")
    with pytest.raises(Refused, match="version 1 is in force now"):
        answer(promotion.pk, lead, approves=True, seen=read)
    assert answer(promotion.pk, lead, approves=True, seen=seen(agent)).outcome == "done"


def test_a_tier_keeps_its_day_to_look_again_and_is_on_the_same_record_as_by_its_own_page(
    agent: Agent, boss: User, provider: Provider
) -> None:
    day = timezone.localdate() + timedelta(days=20)
    TierVersion.objects.filter(pk=stage_tier().pk).update(look_again_on=day)
    promote_candidate(agent, seen(agent), boss, reason="Go.")
    live = in_force(TierVersion, LIVE, tier=2)
    assert live is not None
    assert (live.model, live.look_again_on) == (MODEL, day)
    assert provider.forms == ["Ready"], "it was called once before it counted"
    entry = AuditEntry.objects.get(action="tier.promoted")
    assert ["Models", "openai/test-model", MODEL] in entry.detail["changes"]


def test_a_model_that_does_not_answer_is_not_put_live(
    agent: Agent, boss: User, lead: User, provider: Provider
) -> None:
    stage_tier()
    provider.before = lambda form: Reply(status=401)
    with pytest.raises(Refused, match="Nothing was promoted"):
        promote_candidate(agent, seen(agent), boss, reason="Go.")
    stage_prompt(agent, FIT)
    promotion = promote_candidate(agent, seen(agent), boss, reason="Go.")
    assert promotion.outcome == "asked", "what is only asked for needs no answer yet"
    with pytest.raises(Refused, match="Nothing was promoted"):
        answer(promotion.pk, lead, approves=True, seen=seen(agent))
    live = in_force(TierVersion, LIVE, tier=2)
    assert live is not None
    assert live.model == "openai/test-model"


def test_a_task_that_moves_to_a_tier_of_the_mix_waits_for_no_answer_of_lives(
    agent: Agent, boss: User, provider: Provider
) -> None:
    stage_tier(3)
    moved = {**routes(), "draft": 3}
    change(RouteVersion, STAGING, {}, lambda _: {"routes": moved}, reason="x", by=boss)
    promote_candidate(agent, seen(agent), boss, reason="Go.")
    assert [request.json["model"] for request in provider.peer.requests] == ["candidate"]
    assert routes()["draft"] == 3


def test_a_request_for_a_policy_that_staging_has_no_more_is_not_approved(
    agent: Agent, boss: User, lead: User
) -> None:
    rows = [as_json(rule) for rule in default_rules(agent)]
    first = stage_policy(agent, rows[1:])
    older = ask_for_live(agent, seen=first.pk, note="One less.", by=boss)
    stage_policy(agent, rows[2:])
    with pytest.raises(AnsweredAlready, match="ask anew"):
        approve(older.pk, seen_live=None, said="", by=lead)
    assert in_force(PolicyVersion, LIVE, agent_id=agent.pk) is None


def test_staging_that_changed_is_not_promoted(agent: Agent, boss: User, lead: User) -> None:
    stage_tier()
    before = seen(agent)
    stage_tier(model="openai/another")
    with pytest.raises(StagingMoved):
        promote_candidate(agent, before, boss, reason="x")
    prompt = stage_prompt(agent, FIT)
    read = seen(agent)
    promotion = promote_candidate(agent, read, boss, reason="x")
    with pytest.raises(StagingMoved):
        answer(promotion.pk, lead, approves=True, seen=read[:1])
    withdraw(prompt)
    with pytest.raises(Refused, match="no longer what was compared"):
        answer(promotion.pk, lead, approves=True, seen=read)
    assert in_force(TierVersion, LIVE, tier=2).model != "openai/another"  # type: ignore[union-attr]


def test_the_gate_is_that_of_exactly_this_mix(agent: Agent) -> None:
    stage_tier()
    compared(agent)
    assert gate_for(ground_of(agent), mix(agent))[0].is_open
    stage_prompt(agent, FIT)
    assert (
        gate_for(ground_of(agent), mix(agent))[0].reason == "This mix was never compared with live."
    )


def test_staging_that_says_what_the_prompts_file_says_is_no_candidate(agent: Agent) -> None:
    from agents.prompts import prompt

    stage_prompt(agent, prompt("triage", "draft").text)
    assert candidate_of(agent) == []
    stage_tier()
    assert candidate_of(agent) == [one for one in candidate() if isinstance(one, TierVersion)]


@pytest.mark.django_db(transaction=True)
def test_two_who_promote_at_once_promote_once(agent: Agent) -> None:
    people = [make_person(name, "admin") for name in ("jo", "kim")]
    stage_tier()
    read = seen(agent)
    outcomes: list[str] = []
    gate = threading.Barrier(2)

    def press(person: User) -> None:
        try:
            gate.wait()
            promote_candidate(agent, read, person, reason="Now.")
            outcomes.append("done")
        except (Refused, StagingMoved, LiveMoved) as error:
            outcomes.append(type(error).__name__)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=press, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("done") == 1, outcomes
    assert TierVersion.objects.filter(environment=LIVE, tier=2, model=MODEL).count() == 1
    assert Promotion.objects.count() == 1
    connection.close()
