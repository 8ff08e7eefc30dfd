"""Running all guardrails: never silent, never lost, never slow."""

import time
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.guardrails.registry import GUARDRAILS, NAMED, Guardrail, run_guardrails
from agents.guardrails.subject import Source, Subject
from review.escalation import REASON_NAMES
from tests.agents.guardrails.subjects import COMPANY, NOTHING_WAIVED, subject

# Of a million characters, for all guardrails together, on a busy machine.
PATIENCE_S = 30
BAITS = ("a", "1 ", "a.", "(0", "<!-- x ", "[removed ", "аa", "Aa ", "we will refund you 5 eur. ")


def test_names_are_unique_and_each_has_a_title_and_a_reason() -> None:
    assert len(NAMED) == len(GUARDRAILS) == 15
    for guardrail in GUARDRAILS:
        assert guardrail.title
        assert guardrail.catches
        assert f"check_{guardrail.name}" in REASON_NAMES
        assert guardrail.find.__doc__
        assert len(guardrail.name) <= 40


def test_each_side_runs_its_own_and_a_good_draft_passes_all() -> None:
    about = subject("Hello Ada,\n\nReturn shipping costs 9 EUR.\n\nKind regards")
    found = run_guardrails(about, NOTHING_WAIVED)
    assert all(check.passed and not check.detail for check in found)
    names = [check.name for check in run_guardrails(about, NOTHING_WAIVED, looks_at="input")]
    assert names == ["injection", "hidden_text", "abuse"]
    assert len(found) + len(names) == len(GUARDRAILS)


def test_of_an_empty_draft_there_is_nothing_to_say() -> None:
    assert run_guardrails(subject(""), NOTHING_WAIVED) == ()


def test_one_that_is_waived_is_not_run_and_says_so() -> None:
    waived = SimpleNamespace(waived={"slots": "Waived until then: the sale"})
    found = {check.name: check for check in run_guardrails(subject("{a|b}"), waived)}
    slots = found["slots"]
    assert (slots.passed, slots.effect, slots.detail) == (
        True,
        "note",
        "Waived until then: the sale",
    )


@pytest.mark.parametrize("error", [ValueError("x"), TimeoutError(), RecursionError()])
def test_one_that_breaks_is_a_finding_for_a_person(error: Exception) -> None:
    def breaks(about: Subject) -> str:
        raise error

    broken = Guardrail(
        name="broken",
        title="Broken",
        catches="Nothing.",
        looks_at="output",
        effect="note",
        find=breaks,
    )
    (check,) = run_guardrails(subject("Hello."), NOTHING_WAIVED, guardrails=[broken])
    assert (check.passed, check.effect) == (False, "escalate")
    assert "broke" in check.detail


def test_an_agents_facts_of_another_form_break_no_run() -> None:
    company = {"order_number_patterns": ["("], "allowed_links": 3, "reference_patterns": []}
    found = run_guardrails(subject("Hello HCW-1.", company=company), NOTHING_WAIVED)
    failed = [check for check in found if not check.passed]
    assert failed
    assert all(check.effect == "escalate" for check in failed)


@settings(max_examples=60)
@given(message=st.text(max_size=400), draft=st.text(max_size=400))
def test_no_text_breaks_one(message: str, draft: str) -> None:
    about = subject(draft, message=message)
    for side in ("input", "output"):
        for check in run_guardrails(about, NOTHING_WAIVED, looks_at=side):
            assert "broke" not in check.detail
            assert check.passed == (not check.detail)


@pytest.mark.parametrize("bait", BAITS)
def test_a_megabyte_takes_no_more_than_its_length(bait: str) -> None:
    text = (bait * 1_000_000)[:1_000_000]
    message = {"from": "customer", "body": text}
    about = Subject(
        conversation={"subject": "", "messages": [message]},
        draft=text,
        articles=[Source(slug="a", text=text[:20_000])],
        cited=["a"],
        company=COMPANY,
        language="en",
    )
    began = time.process_time()
    for side in ("input", "output"):
        run_guardrails(about, NOTHING_WAIVED, looks_at=side)
    assert time.process_time() - began < PATIENCE_S
