"""A model call as a step of a run: the task's prompt, a document, an answer of a given form."""

from dataclasses import asdict
from typing import Any, TypeVar

from pydantic import BaseModel

from agents import llm
from agents.context import fit_document
from agents.journal import Journal
from agents.models import Step, TierVersion

FormT = TypeVar("FormT", bound=BaseModel)


def model_step(
    journal: Journal,
    task: str,
    document: dict[str, Any],
    form: type[FormT],
    *,
    key: str = "",
    tier: TierVersion | None = None,
) -> dict[str, Any]:
    """Return the model's answer to the task's prompt and the document, cut to what it may hold.

    key: of the step, where a run asks for the same task more than once. tier: what it runs on,
    where that is not simply the task's.
    """
    document, cuts = fit_document(document)
    cut = [asdict(cut) for cut in cuts]
    configuration, company = journal.configuration, journal.run.agent.company
    asked = configuration.prompt_for(task)
    system = asked.render(
        company=company.get("name", "the company"),
        support_name=company.get("support_name", "the support team"),
    )
    return journal.step(
        key or task,
        Step.Kind.MODEL,
        lambda: llm.complete(
            tier or configuration.tier_for(task),
            system=system,
            document=document,
            form=form,
            prompt_version=asked.version,
            run_id=journal.run.pk,
            deadline=journal.deadline,
            halt=journal.halt,
            environment=configuration.environment,
        ).as_outcome(),
        given={"system": system, "document": document, **({"cut": cut} if cut else {})},
        attributes={"countersign.context.cut": cut} if cut else {},
    )
