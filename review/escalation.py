"""The escalation policy: whether a run's result goes to a person, and why. Pure.

Every run that ends without a usable proposal is for a person as well: nothing ends in silence.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from agents.results import Caught, RunResult
from agents.rules import OUTCOMES, Facts, Rule, caught

OUT_OF_SCOPE = "oos"
LOW_CONFIDENCE = "low_confidence"
RULE = "rule_"
UNCALIBRATED = "uncalibrated"

# What a person reads for a run that failed; the error type stays in the trace.
FAILURES = {
    "not_trained": "The embedded model has no examples to learn from yet.",
    "rate_limited": "The model's provider asked to slow down.",
    "timeout": "The model did not answer in time.",
    "provider_error": "The model's provider failed.",
    "refusal": "The model declined to answer.",
    "schema_invalid": "The model's answer did not have the asked form.",
    "context_too_long": "The conversation is too long for the model.",
    "crashed": "The worker died on this run three times, so it is quarantined.",
    "tool_error": "The agent did not get on with its tools.",
    "budget_exceeded": "A budget does not hold the call.",
    "changed_since_approved": "What would have been done was not what was approved.",
    "cancelled": "Somebody stopped the run.",
    "expired": "Nobody decided in time on what the agent asked, so nothing was done.",
    "agent_paused": "The agent is paused:",
    "agent_not_live": "The agent is not live.",
}

# What a reason is called where many are listed: the code stays in addresses.
REASON_NAMES = {
    "escalated": "Escalated",
    "urgent": "Urgent",
    LOW_CONFIDENCE: "Low confidence",
    "plan_failed": "No plan: tier 3 failed",
    UNCALIBRATED: "Confidence not calibrated",
    "out_of_scope": "Out of scope",
    "no_draft": "No draft",
    "not_trusted": "Every reply is countersigned",
    "agent_off": "Agent off for the category",
    "check_slots": "Unfilled placeholder",
    "check_secrets": "Repeats something removed",
    "check_sources": "Cites no known article",
    "check_length": "Too long",
    "check_injection": "Instructs the assistant",
    "check_hidden_text": "Hidden text",
    "check_abuse": "Threat or insult",
    "check_personal_data": "Personal data",
    "check_tone": "Rude draft",
    "check_money": "Promises money",
    "check_dates": "Promises a date",
    "check_figures": "Figure without a source",
    "check_grounding": "Claim without a source",
    "check_language": "Another language",
    "check_links": "Link elsewhere",
    "check_undone": "Says what was not done",
    "error_not_trained": "Not trained yet",
    "error_rate_limited": "Provider asked to slow down",
    "error_timeout": "Model too slow",
    "error_provider_error": "Provider failed",
    "error_refusal": "Model declined",
    "error_schema_invalid": "Answer of another form",
    "error_context_too_long": "Conversation too long",
    "error_crashed": "Worker died",
    "error_internal": "Agent failed",
    "error_tool_error": "Tools",
    "error_budget_exceeded": "Budget spent",
    "error_changed_since_approved": "Changed since approved",
    "error_cancelled": "Run stopped",
    "error_expired": "Nobody decided in time",
    "agent_acts": "Wants to act",
    "effect_unknown": "Unclear whether it was done",
    "error_agent_paused": "Agent paused",
    "error_agent_not_live": "Agent not live",
}


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What a result is held against. autonomy: of the agent for the result's category.

    review_below_confidence: for a result that no rule was held against.
    """

    review_below_confidence: float
    autonomy: Literal["off", "review"] = "review"


@dataclass(frozen=True, kw_only=True)
class Reason:
    """Why a person is asked. code: stable, for filters; text: for the person."""

    code: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Decision:
    """`review`: a person decides on the draft. `block`: its draft must not be offered.

    needs_second: two people countersign. queue: where a rule hands it; empty: nowhere.
    """

    outcome: Literal["review", "block"]
    reasons: Sequence[Reason]
    needs_second: bool = False
    queue: str = ""


def reason_name(code: str) -> str:
    """Return what a reason is called in a list; of one without a name, its code in words."""
    said = REASON_NAMES.get(code) or code.removeprefix(RULE).replace("_", " ").strip()
    return said[:1].upper() + said[1:]


def rule_code(rule_id: str) -> str:
    """Return the code of the reason that a rule gives."""
    # Filters and saved views know this one by its name from before there were rules.
    return rule_id if rule_id == LOW_CONFIDENCE else f"{RULE}{rule_id}"


def rules_for_action(rules: Sequence[Rule], facts: Facts) -> Decision:
    """Return what the rules ask of a tool call that waits for a person.

    facts: of `agents.rule_facts.facts_of_action`. A rule that blocks takes the draft away; of an
    action there is none to take, and a second person is asked instead.
    """
    found = caught(rules, facts)
    return Decision(
        outcome="review",
        reasons=tuple(rule_reason(one) for one in found),
        needs_second=any(one.outcome in {"second", "block"} for one in found),
        queue=_queue(found),
    )


def decide(result: RunResult, policy: Policy) -> Decision:
    """Return whether the draft may be offered, with every reason it comes to a person."""
    failed = [check for check in result.checks if not check.passed and check.effect != "note"]
    reasons = [Reason(code=f"check_{check.name}", text=check.detail) for check in failed]
    if result.category == OUT_OF_SCOPE:
        reasons.append(
            Reason(code="out_of_scope", text="It fits none of the categories this agent answers.")
        )
    elif result.proposal is None:
        reasons.append(
            Reason(code="no_draft", text=result.no_draft_reason or "The agent made no draft.")
        )
    rules = result.caught or ()
    reasons += [rule_reason(one) for one in rules]
    if result.plan_error:
        text = f"Tier 3 could not plan this: {result.plan_error}"
        reasons.append(Reason(code="plan_failed", text=text))
    reasons += _doubts(result, policy)
    if result.urgency == "high":
        reasons.append(Reason(code="urgent", text="The message reads as urgent."))
    if policy.autonomy == "off":
        reasons.append(Reason(code="agent_off", text="The agent is off for this category."))
    elif not reasons:
        reasons.append(
            Reason(code="not_trusted", text="Every reply in this category is countersigned.")
        )
    blocked = (
        policy.autonomy == "off"
        or any(check.effect == "block" for check in failed)
        or any(one.outcome == "block" for one in rules)
    )
    return Decision(
        outcome="block" if blocked else "review",
        reasons=tuple(reasons),
        needs_second=any(one.outcome == "second" for one in rules),
        queue=_queue(rules),
    )


def rule_reason(one: Caught) -> Reason:
    """Return the reason that a rule gives, with what made it hold."""
    found = f" {one.name}: {one.found}." if one.found else ""
    return Reason(code=rule_code(one.id), text=f"{one.reason}{found}")


def _queue(found: Sequence[Caught]) -> str:
    """Return the queue of the strictest rule that names one, of several the first."""
    named = [one for one in found if one.queue]
    return max(named, key=lambda one: OUTCOMES.index(one.outcome)).queue if named else ""


def _doubts(result: RunResult, policy: Policy) -> list[Reason]:
    """Return what speaks against relying on the stated confidence."""
    doubts = []
    unruled = result.caught is None
    if (
        unruled
        and result.confidence < policy.review_below_confidence
        and result.category != OUT_OF_SCOPE
    ):
        line = f"{result.confidence:.2f} is under {policy.review_below_confidence:.2f}"
        doubts.append(Reason(code=LOW_CONFIDENCE, text=f"Confidence {line}."))
    if result.calibration and not result.calibration.is_enough:
        so_far = f"{result.calibration.labels} of {result.calibration.needed} labels"
        text = f"This model's confidence is not calibrated yet ({so_far})."
        doubts.append(Reason(code=UNCALIBRATED, text=text))
    return doubts


def decide_failure(error_type: str, error_message: str, rules: Sequence[Caught] = ()) -> Decision:
    """Return the decision on a run that failed: a person, told what went wrong.

    rules: those that hold for what the customer wrote, which is all that is known.
    """
    text = FAILURES.get(error_type, "The agent failed on this ticket.")
    if error_message and error_type not in {"internal", "crashed"}:
        text = f"{text} {error_message}"
    failure = Reason(code=f"error_{error_type}", text=text)
    return Decision(
        outcome="block",
        reasons=(*(rule_reason(one) for one in rules), failure),
        needs_second=any(one.outcome == "second" for one in rules),
        queue=_queue(rules),
    )
