"""Another draft after an instruction: what the model is given, and what comes of its answer."""

import pytest

from agents import runner
from agents.models import Run, Step
from agents.requests import request_run
from review.intake import conversation
from review.models import Ticket
from tests.agents.test_runner import executed, queued_run, result_of
from tests.peers import Reply
from tests.provider import Provider, document_of

pytestmark = pytest.mark.django_db


def redraft_of(run: Run, **asked: str) -> Run:
    """A queued run that asks for another draft of an ended one's."""
    (ticket,) = Ticket.objects.all()
    redraft = {
        "run": run.pk,
        "instruction": "Make it shorter.",
        "draft": "Hello Ada, it comes on Friday or on Saturday, we think.",
        "category": "delivery",
        "fields": {"language": "en", "order_numbers": ["A-1"], "urgency": "high"},
        **asked,
    }
    return request_run("triage", conversation(ticket) | {"redraft": redraft})


def test_a_redraft_follows_the_instruction_with_what_the_first_run_had(provider: Provider) -> None:
    first = executed(queued_run())
    run = executed(redraft_of(first))
    assert (run.status, run.error_message) == ("done", "")
    assert [step.key for step in run.steps.all()] == ["recall", "redraft", "check"]
    call = run.steps.get(key="redraft")
    assert (call.tier, call.kind, call.pricing) == (2, Step.Kind.MODEL, "unpriced")
    assert call.prompt_version.startswith("triage/redraft@")
    asked = document_of(provider.peer.requests[-1])
    assert asked["instruction"] == "Make it shorter."
    assert asked["draft"].startswith("Hello Ada, it comes on Friday")
    assert [article["slug"] for article in asked["articles"]] == ["delivery-times"]
    assert asked["conversation"]["messages"][0]["body"] == "Where is my parcel?"
    assert "redraft" not in asked["conversation"]
    result = result_of(run)
    assert result.proposal is not None
    assert result.proposal.text == "Hello Ada, it arrives on Friday."
    assert (result.category, result.urgency) == ("delivery", "high")
    assert all(check.passed for check in result.checks)


def test_a_redraft_goes_on_from_its_journal_after_a_crash(provider: Provider) -> None:
    first = executed(queued_run())
    run = redraft_of(first)
    calls = len(provider.forms)
    provider.before = lambda form: Reply(status=500, body={"error": {"message": "down"}})
    assert executed(run).error_type == "provider_error"
    Run.objects.filter(pk=run.pk).update(status="queued", error_type="", error_message="")
    provider.before = lambda form: None
    runner.execute(run.pk)
    assert Run.objects.get(pk=run.pk).status == "done"
    assert set(provider.forms[calls:]) == {"Redrafted"}  # nothing was recalled or read again


def test_a_model_that_cannot_do_it_says_why(provider: Provider) -> None:
    first = executed(queued_run())
    provider.answers["Redrafted"] = {
        "reply": "",
        "articles": [],
        "no_draft_reason": "The articles name no date.",
    }
    result = result_of(executed(redraft_of(first, instruction="Name the day.")))
    assert (result.proposal, result.no_draft_reason) == (None, "The articles name no date.")


def test_a_redraft_of_a_run_whose_recall_was_erased_still_runs(provider: Provider) -> None:
    first = executed(queued_run())
    (ticket,) = Ticket.objects.all()
    run = redraft_of(Run(pk=first.pk + 1000), category="unknown")
    result = result_of(executed(run))
    assert result.queue == "care"
    assert [check.name for check in result.checks if not check.passed] == ["dates", "sources"]
    assert ticket.items.count() == 0


def test_the_embedded_model_never_answers_an_instruction_with_a_past_reply(
    installed: object,
) -> None:
    run = queued_run()
    Run.objects.filter(pk=run.pk).update(status="cancelled")
    redraft = executed(redraft_of(run))
    assert redraft.status == "failed"
    assert "follows no instruction" in redraft.error_message
