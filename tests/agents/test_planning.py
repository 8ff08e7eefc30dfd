"""Rules held against a run, and the plan of tier 3. Models over real HTTP."""

import pytest

from agents import versions
from agents.errors import ModelError
from agents.models import LIVE, Agent, PolicyVersion, Run, TierVersion
from agents.results import RunResult
from agents.triage.planning import HOLDING
from agents.triage.schemas import Planned
from review.items import settle_run
from review.models import ReviewItem
from tests.agents.test_runner import executed, result_of
from tests.builders import make_ticket
from tests.peers import Reply
from tests.provider import ANSWERS, Provider, completion, document_of, form_of

pytestmark = pytest.mark.django_db

THREAT = "My lawyer will write to you. I want my money."
EMBEDDED = "local/countersign"


def run_of(body: str) -> Run:
    run = make_ticket(body).run
    assert run is not None
    return executed(run)


def item_of(run: Run) -> ReviewItem:
    item = settle_run(run.pk)
    assert item is not None
    return item


def codes(item: ReviewItem) -> list[str]:
    return [reason["code"] for reason in item.reasons]


def embed_tier_3() -> None:
    TierVersion.objects.filter(tier=3).update(model=EMBEDDED, fallbacks=[])


def put_in_force(agent: Agent, *rules: dict[str, object]) -> None:
    versions.change(
        PolicyVersion,
        LIVE,
        {"agent_id": agent.pk},
        lambda _: {"rules": list(rules)},
        reason="Test.",
        by=None,
    )


def row(**fields: object) -> dict[str, object]:
    return {"id": "row", "name": "Row", "outcome": "review", "reason": "Because of it."} | fields


def test_a_legal_threat_is_planned_on_tier_3_and_still_drafted(provider: Provider) -> None:
    run = run_of(THREAT)
    assert provider.forms == ["Extracted", "Classified", "Planned", "Drafted"]
    result = result_of(run)
    assert result.plan is not None
    assert [option.title for option in result.plan.options] == ["Refund in full", "Offer a repair"]
    assert result.plan.options[result.plan.recommended].title == "Offer a repair"
    assert result.plan.must_not_say == ("That the machine was faulty.",)
    assert result.proposal is not None
    assert run.steps.get(key="plan").tier == 3
    draft = next(r for r in provider.peer.requests if form_of(r) == "Drafted")
    assert HOLDING in document_of(draft)["guidance"]


def test_the_plan_is_asked_for_with_the_rule_that_caught_it(provider: Provider) -> None:
    run_of(THREAT)
    asked = next(r for r in provider.peer.requests if form_of(r) == "Planned")
    (rule,) = document_of(asked)["rules"]
    assert (rule["name"], rule["found"]) == ("Legal threat", "“My lawyer”")
    assert THREAT not in asked.json["messages"][0]["content"], "what customers write is data"


def test_its_item_says_what_caught_it_and_goes_to_whom_the_rule_names(provider: Provider) -> None:
    item = item_of(run_of(THREAT))
    assert codes(item)[0] == "rule_legal_threat"
    assert item.reasons[0]["text"] == (
        "The customer speaks of a lawyer, a court or an authority. Legal threat: “My lawyer”."
    )
    assert item.queue.slug == "care"


def test_other_tickets_are_not_planned(provider: Provider) -> None:
    result = result_of(run_of("Where is my parcel?"))
    assert provider.forms == ["Extracted", "Classified", "Drafted"]
    assert (result.plan, result.caught) == (None, ())


def test_what_fits_no_category_is_planned_too(provider: Provider) -> None:
    provider.answers["Classified"] = {"category": "oos", "confidence": 0.9, "alternatives": []}
    result = result_of(run_of(THREAT))
    assert result.plan is not None
    assert result.proposal is None


@pytest.mark.parametrize(
    "reply",
    [
        Reply(status=500, body={"error": {"message": "down"}}),
        completion("not json"),
        completion({**ANSWERS["Planned"], "recommended": 4}),
    ],
)
def test_a_plan_that_fails_never_loses_the_ticket(provider: Provider, reply: Reply) -> None:
    provider.before = lambda form: reply if form == "Planned" else None
    run = run_of(THREAT)
    assert run.status == "done"
    result = result_of(run)
    assert result.plan is None
    assert result.plan_error
    assert result.proposal is not None, "the draft is made all the same"
    item = item_of(run)
    assert codes(item)[:2] == ["rule_legal_threat", "plan_failed"]
    assert item.reasons[1]["text"].startswith("Tier 3 could not plan this: ")


def test_without_a_model_on_tier_3_the_person_has_the_rule(provider: Provider) -> None:
    embed_tier_3()
    run = run_of(THREAT)
    assert "Planned" not in provider.forms
    assert not run.steps.filter(key="plan").exists()
    result = result_of(run)
    assert (result.plan, result.plan_error) == (None, "")
    assert "rule_legal_threat" in codes(item_of(run))


def test_the_embedded_model_is_no_fallback_for_a_plan(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def refuse(form: str, document: object) -> None:
        asked.append(form)
        raise ModelError("no")

    monkeypatch.setattr("agents.local_model.provider.respond", refuse)
    TierVersion.objects.filter(tier=3).update(model="openai/test-model", fallbacks=[EMBEDDED])
    provider.before = lambda form: Reply(status=500, body={}) if form == "Planned" else None
    assert result_of(run_of(THREAT)).plan_error
    assert asked == []
    # And where it comes first, the next one is asked instead.
    provider.before = lambda form: None
    TierVersion.objects.filter(tier=3).update(model=EMBEDDED, fallbacks=["openai/test-model"])
    assert result_of(run_of(THREAT)).plan is not None
    assert asked == []


def test_a_row_that_blocks_takes_the_draft_before_it_is_made(provider: Provider) -> None:
    put_in_force(Agent.objects.get(), row(outcome="block", when={"keywords": ["lawyer"]}))
    run = run_of(THREAT)
    assert provider.forms == ["Extracted", "Classified"]
    item = item_of(run)
    assert codes(item)[:2] == ["no_draft", "rule_row"]
    assert item.proposal.content == {"actions": [{"kind": "draft", "text": ""}]}


def test_a_row_for_two_makes_the_item_need_two(provider: Provider) -> None:
    put_in_force(Agent.objects.get(), row(outcome="second", category="delivery"))
    assert item_of(run_of("Where is my parcel?")).needs_second
    put_in_force(Agent.objects.get(), row(outcome="second", category="invoice"))
    assert not item_of(run_of("Where is my parcel?")).needs_second


def test_a_row_on_checks_is_held_against_what_the_checks_found(provider: Provider) -> None:
    put_in_force(Agent.objects.get(), row(outcome="plan", when={"check_failed": "sources"}))
    provider.answers["Drafted"] = {**ANSWERS["Drafted"], "articles": []}
    result = result_of(run_of("Where is my parcel?"))
    assert provider.forms == ["Extracted", "Classified", "Drafted", "Planned"]
    assert [one.found for one in result.caught or ()] == ["sources"]


def test_the_customers_segment_is_known_to_the_rules(provider: Provider) -> None:
    run = make_ticket("Where is my parcel?", customer_segment="VIP").run
    assert run is not None
    assert [one.id for one in result_of(executed(run)).caught or ()] == ["vip"]


def test_a_run_that_fails_tells_what_the_customer_threatens(provider: Provider) -> None:
    provider.before = lambda form: Reply(status=500, body={})
    run = run_of(THREAT)
    assert run.status == "failed"
    item = item_of(run)
    assert codes(item) == ["rule_legal_threat", "error_provider_error"]
    assert item.queue.slug == "care"


def test_a_result_is_read_again_with_its_plan_and_rules(provider: Provider) -> None:
    result = result_of(run_of(THREAT))
    assert RunResult.from_json(result.as_json()) == result
    older = {k: v for k, v in result.as_json().items() if k not in {"plan", "caught", "plan_error"}}
    assert RunResult.from_json(older).caught is None


def test_the_form_takes_no_recommendation_of_an_option_that_is_not_there() -> None:
    with pytest.raises(ValueError, match="no such option"):
        Planned.model_validate({**ANSWERS["Planned"], "recommended": 3})
