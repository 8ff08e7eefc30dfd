"""Another draft of a reply, as the person who reads it asked for."""

from dataclasses import replace
from typing import Any

from agents.guardrails.steps import check_output
from agents.journal import Journal, Outcome
from agents.model_steps import model_step
from agents.models import Step
from agents.results import Proposal, RunResult
from agents.triage.agent import citations_of, question, subject_of, with_draft
from agents.triage.schemas import Redrafted

TASK = "redraft"
NOTHING_RECALLED: dict[str, Any] = {"articles": [], "past_replies": []}


def redraft(journal: Journal, given: dict[str, Any]) -> RunResult:
    """Return the reply, written anew after an instruction.

    given: the conversation as `triage` takes it, and `redraft`: {run: the id of the run whose
    draft it was, draft: the text to start from, instruction, category, fields}. What that run
    recalled is not looked up again.
    """
    asked = given["redraft"]
    conversation = {name: value for name, value in given.items() if name != "redraft"}
    agent = journal.run.agent
    category = agent.categories.filter(slug=asked["category"]).first()
    recalled = recalled_by(journal, asked["run"])
    document = {
        "instruction": asked["instruction"],
        "draft": asked["draft"],
        "question": question(conversation),
        "category": asked["category"],
        "guidance": category.guidance if category else "",
        "fields": asked["fields"],
        **recalled,
        "conversation": conversation,
    }
    written = model_step(journal, TASK, document, Redrafted)
    # What a colleague asks for is a source of its own.
    subject = replace(
        subject_of(agent, conversation, asked["fields"]), known=(asked["instruction"],)
    )
    return RunResult(
        proposal=Proposal(kind="draft", text=written["reply"]) if written["reply"] else None,
        no_draft_reason=written["no_draft_reason"],
        category=asked["category"],
        confidence=1.0,  # a person has said it
        queue=category.queue if category else agent.fallback_queue,
        language=asked["fields"].get("language", "en"),
        urgency=asked["fields"].get("urgency", "normal"),
        fields=asked["fields"],
        citations=citations_of(written["articles"], recalled["articles"]),
        checks=check_output(journal, with_draft(subject, written, recalled)),
    )


def recalled_by(journal: Journal, run_id: int) -> dict[str, Any]:
    """Return the articles and past replies that the earlier run had before it."""

    def work() -> Outcome:
        step = Step.objects.select_related("result").filter(run=run_id, key="recall").first()
        return Outcome(result=(step.result.content if step else None) or NOTHING_RECALLED)

    return journal.step("recall", Step.Kind.RETRIEVAL, work)
