"""The escalation policy: what brings an item to a person, in what state, and to whom."""

from dataclasses import replace

import pytest

from agents.results import Calibrated, Caught, Check, RuleOutcome, RunResult
from agents.rules import Facts, Rule, When
from review.escalation import (
    Decision,
    Policy,
    decide,
    decide_failure,
    reason_name,
    rule_code,
    rules_for_action,
)
from tests.builders import make_result

POLICY = Policy(review_below_confidence=0.8)


def rule(outcome: RuleOutcome = "review", id: str = "row", queue: str = "") -> Caught:  # noqa: A002
    return Caught(
        id=id, name="Row", outcome=outcome, sentence="When.", reason="Why.", found="x", queue=queue
    )


def codes(decision: Decision) -> list[str]:
    return [reason.code for reason in decision.reasons]


@pytest.mark.parametrize(
    ("result", "outcome", "expected", "needs_second", "queue"),
    [
        (make_result(), "review", ["not_trusted"], False, ""),
        (make_result(caught=()), "review", ["not_trusted"], False, ""),
        (make_result(caught=(rule(),)), "review", ["rule_row"], False, ""),
        (make_result(caught=(rule("plan", queue="care"),)), "review", ["rule_row"], False, "care"),
        (make_result(caught=(rule("second"),)), "review", ["rule_row"], True, ""),
        (make_result(caught=(rule("block"),)), "block", ["rule_row"], False, ""),
        # Several: every reason, every effect, the strictest one's queue.
        (
            make_result(
                caught=(rule("review", "a", "x"), rule("second", "b", "y"), rule("block", "c"))
            ),
            "block",
            ["rule_a", "rule_b", "rule_c"],
            True,
            "y",
        ),
        (
            make_result(caught=(rule("plan"),), plan_error="The model was too slow."),
            "review",
            ["rule_row", "plan_failed"],
            False,
            "",
        ),
        # Confidence: by the rules where they were asked, by the setting where they were not.
        (make_result(confidence=0.5), "review", ["low_confidence"], False, ""),
        (make_result(confidence=0.5, caught=()), "review", ["not_trusted"], False, ""),
        (
            make_result(caught=(rule(id="low_confidence"),)),
            "review",
            ["low_confidence"],
            False,
            "",
        ),
        # What a rule does not say stays as it is.
        (
            make_result(
                caught=(rule(),),
                checks=(Check(name="slots", passed=False, effect="block", detail="Empty."),),
                urgency="high",
                calibration=Calibrated(stated=0.9, labels=1, needed=100),
            ),
            "block",
            ["check_slots", "rule_row", "uncalibrated", "urgent"],
            False,
            "",
        ),
        (
            make_result(category="oos", proposal=None, caught=(rule("plan"),)),
            "review",
            ["out_of_scope", "rule_row"],
            False,
            "",
        ),
    ],
)
def test_each_case_has_its_decision(
    result: RunResult, outcome: str, expected: list[str], needs_second: bool, queue: str
) -> None:
    decision = decide(result, POLICY)
    found = (decision.outcome, codes(decision), decision.needs_second, decision.queue)
    assert found == (outcome, expected, needs_second, queue)


def test_an_agent_that_is_off_offers_nothing_and_the_rules_still_speak() -> None:
    decision = decide(make_result(caught=(rule("second"),)), replace(POLICY, autonomy="off"))
    assert (decision.outcome, codes(decision)) == ("block", ["rule_row", "agent_off"])
    assert decision.needs_second


def test_a_failed_run_keeps_the_rules_that_hold_for_its_ticket() -> None:
    decision = decide_failure("timeout", "", [rule("second", queue="care")])
    assert (decision.outcome, codes(decision)) == ("block", ["rule_row", "error_timeout"])
    assert (decision.needs_second, decision.queue) == (True, "care")


@pytest.mark.parametrize(
    ("outcome", "needs_second"),
    [("review", False), ("plan", False), ("second", True), ("block", True)],
)
def test_an_action_is_asked_of_whom_the_rules_say(outcome: RuleOutcome, needs_second: bool) -> None:
    row = Rule(
        id="cannot_undo",
        name="Cannot be undone",
        when=When(tools=("irreversible",)),
        outcome=outcome,
        reason="It cannot be taken back.",
        queue="care",
    )
    about = Facts(category="", text="", tool="refund", effect="irreversible")
    decision = rules_for_action([row], about)
    assert decision.outcome == "review"
    assert decision.needs_second is needs_second
    assert decision.queue == "care"
    assert decision.reasons[0].text == "It cannot be taken back. Cannot be undone: refund."
    assert not rules_for_action([row], replace(about, effect="read")).reasons


def test_reasons_are_called_by_their_rule() -> None:
    assert reason_name(rule_code("legal_threat")) == "Legal threat"
    assert reason_name(rule_code("low_confidence")) == "Low confidence"
    assert reason_name("check_secrets") == "Repeats something removed"
