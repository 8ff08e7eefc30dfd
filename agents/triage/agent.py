"""The triage agent: classify a ticket, route it, draft the first reply.

Its job ends with a RunResult. It sends nothing and calls no tool that writes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from agents.calibration import STEP as CALIBRATE
from agents.calibration import calibrated
from agents.context import QUESTION_CHARS, shortened
from agents.evals.datasets import similar_past_replies
from agents.evals.models import OUT_OF_SCOPE
from agents.guardrails.steps import blocking, check_input, check_output
from agents.guardrails.subject import Source, Subject
from agents.journal import Journal, Outcome
from agents.model_steps import model_step
from agents.models import Agent, Category, Step
from agents.results import Alternative, Calibrated, Citation, Proposal, RunResult
from agents.tiers import is_embedded
from agents.triage import planning
from agents.triage.schemas import Classified, Drafted, Extracted
from memory.retrieval import recall

NAME = "triage"
ARTICLES = 4
PAST_REPLIES = 20
# Of the nearest replies, so many bring the articles they rest on.
SUPPORTED = 3
EXCERPT_LENGTH = 160


def triage(journal: Journal, conversation: dict[str, Any]) -> RunResult:
    """Return what to do with the conversation: category, queue and a drafted reply.

    conversation: {subject, customer: {name}, messages: [{from, body, at}]}.
    """
    agent = journal.run.agent
    categories = {category.slug: category for category in agent.categories.all()}
    extracted = _extract(journal, agent, conversation)
    classified = _classify(journal, agent, conversation, categories)
    route = _route(journal, agent, classified, categories)
    result: dict[str, Any] = {
        "category": classified["category"],
        "confidence": classified["confidence"],
        "alternatives": tuple(
            Alternative(category=other["category"], confidence=other["confidence"])
            for other in classified["alternatives"]
        ),
        "calibration": classified.get("calibration"),
        "queue": route["queue"],
        "language": extracted["language"],
        "urgency": extracted["urgency"],
        "fields": extracted,
    }
    subject = subject_of(agent, conversation, extracted)
    found = check_input(journal, subject)
    escalation = planning.Escalation(journal, conversation, categories, result)
    if unanswered := escalation.no_draft_reason() or blocking(found):
        result |= escalation.found(found)
        return RunResult(proposal=None, no_draft_reason=unanswered, checks=found, **result)
    recalled = _recall(journal, agent, conversation, classified)
    category = categories[classified["category"]]
    guidance = escalation.guidance(category.guidance)
    drafted = _draft(journal, agent, conversation, category, guidance, extracted, recalled)
    found += check_output(journal, with_draft(subject, drafted, recalled))
    return RunResult(
        proposal=Proposal(kind="draft", text=drafted["reply"]) if drafted["reply"] else None,
        no_draft_reason=drafted["no_draft_reason"],
        citations=citations_of(drafted["articles"], recalled["articles"]),
        checks=found,
        **result,
        **escalation.found(found),
    )


def question(conversation: dict[str, Any]) -> str:
    """Return what the customer asks: the subject and their messages since support last wrote."""
    asked: list[str] = []
    for message in reversed(conversation["messages"]):
        if message["from"] != "customer":
            break
        asked.append(message["body"])
    return "\n\n".join([conversation["subject"], *reversed(asked)])


def chances(classified: dict[str, Any]) -> dict[str, float]:
    """Return the categories that a past reply may be of, each with its chance."""
    odds = {other["category"]: other["confidence"] for other in classified["alternatives"]}
    odds[classified["category"]] = classified["confidence"]
    return {category: chance for category, chance in odds.items() if category != OUT_OF_SCOPE}


def supporting_articles(replies: Sequence[dict[str, Any]]) -> list[str]:
    """Return the slugs the first few past replies rest on; a draft is made from one of them."""
    return [slug for reply in replies[:SUPPORTED] for slug in reply["articles"]]


def _extract(journal: Journal, agent: Agent, conversation: dict[str, Any]) -> dict[str, Any]:
    document = {
        "agent": NAME,
        "products": agent.company.get("products", []),
        "order_number_patterns": agent.company.get("order_number_patterns", []),
        "conversation": conversation,
    }
    return model_step(journal, "extract", document, Extracted)


def _classify(
    journal: Journal,
    agent: Agent,
    conversation: dict[str, Any],
    categories: dict[str, Category],
) -> dict[str, Any]:
    """Return the classification; slugs that are no category of this agent count as none."""
    document = {
        "agent": NAME,
        "question": question(conversation),
        "categories": [
            {"slug": category.slug, "name": category.name, "description": category.description}
            for category in categories.values()
        ],
        "conversation": conversation,
    }
    answer = model_step(journal, "classify", document, Classified)
    known = {*categories, OUT_OF_SCOPE}
    if answer["category"] not in known:
        return {"category": OUT_OF_SCOPE, "confidence": 0.0, "alternatives": []}
    answer["alternatives"] = [o for o in answer["alternatives"] if o["category"] in known]
    return _calibrate(journal, agent, answer)


def _calibrate(journal: Journal, agent: Agent, answer: dict[str, Any]) -> dict[str, Any]:
    """Return the classification with the confidence that labels of its model's calls bear out.

    The embedded model's is calibrated by its training and stays.
    """
    call = journal.call("classify")
    if call is None or is_embedded(call.model):
        return answer
    about = {"model": call.model, "prompt_version": call.prompt_version}

    def work() -> Outcome:
        found = calibrated(agent, stated=answer["confidence"], **about)
        return Outcome(result={**about, "category": answer["category"], **found})

    found = journal.step(CALIBRATE, Step.Kind.DECISION, work)
    return answer | {
        "confidence": found["confidence"],
        "alternatives": _sharing(answer["alternatives"], found["stated"], found["confidence"]),
        "calibration": Calibrated(
            stated=found["stated"], labels=found["labels"], needed=found["needed"]
        ),
    }


def _sharing(
    alternatives: Sequence[dict[str, Any]], stated: float, confidence: float
) -> list[dict[str, Any]]:
    """Return the alternatives with what is left of 1, in the proportions the model gave them.

    A model's chances need not add up to 1; what it gave them in excess is not handed on.
    """
    if confidence == stated:
        return list(alternatives)
    given = max(1 - stated, sum(other["confidence"] for other in alternatives))
    left = (1 - confidence) / given if given else 0.0
    return [other | {"confidence": other["confidence"] * left} for other in alternatives]


def _route(
    journal: Journal, agent: Agent, classified: dict[str, Any], categories: dict[str, Category]
) -> dict[str, Any]:
    category = categories.get(classified["category"])
    queue = category.queue if category else agent.fallback_queue
    return journal.step("route", Step.Kind.DECISION, lambda: Outcome(result={"queue": queue}))


def _recall(
    journal: Journal, agent: Agent, conversation: dict[str, Any], classified: dict[str, Any]
) -> dict[str, Any]:
    category = classified["category"]
    asked = shortened(question(conversation), QUESTION_CHARS)

    def work() -> Outcome:
        replies = similar_past_replies(
            agent, asked, chances=chances(classified), limit=PAST_REPLIES
        )
        articles = recall(
            asked, limit=ARTICLES, category=category, besides=supporting_articles(replies)
        )
        return Outcome(
            result={
                "articles": [
                    {"slug": a.slug, "title": a.title, "text": a.text, "score": a.score}
                    for a in articles
                ],
                "past_replies": replies,
            },
            attributes={"gen_ai.retrieval.documents": [{"id": a.slug} for a in articles]},
        )

    return journal.step("recall", Step.Kind.RETRIEVAL, work, given={"query": asked})


def _draft(
    journal: Journal,
    agent: Agent,
    conversation: dict[str, Any],
    category: Category,
    guidance: str,
    extracted: dict[str, Any],
    recalled: dict[str, Any],
) -> dict[str, Any]:
    document = {
        "agent": NAME,
        "question": question(conversation),
        "category": category.slug,
        "guidance": guidance,
        "fields": extracted,
        **recalled,
        "conversation": conversation,
    }
    return model_step(journal, "draft", document, Drafted)


def subject_of(agent: Agent, conversation: dict[str, Any], extracted: dict[str, Any]) -> Subject:
    """Return what guardrails look at before there is a draft."""
    return Subject(
        conversation=conversation,
        fields=extracted,
        language=extracted.get("language", ""),
        company=agent.company,
        party=conversation.get("party", {}),
    )


def with_draft(
    subject: Subject, drafted: Mapping[str, Any], recalled: Mapping[str, Any]
) -> Subject:
    """Return the subject with a written reply and what it was written from."""
    return replace(
        subject,
        draft=drafted["reply"],
        cited=drafted["articles"],
        articles=[
            Source(slug=article["slug"], title=article["title"], text=article["text"])
            for article in recalled["articles"]
        ],
        past_replies=[
            Source(slug=str(past.get("id", "")), text=past.get("reply", ""))
            for past in recalled["past_replies"]
        ],
    )


def citations_of(used: Sequence[str], articles: Sequence[dict[str, Any]]) -> tuple[Citation, ...]:
    """Return the recalled articles that a reply says it rests on."""
    return tuple(
        Citation(
            slug=article["slug"], title=article["title"], excerpt=article["text"][:EXCERPT_LENGTH]
        )
        for article in articles
        if article["slug"] in used
    )
