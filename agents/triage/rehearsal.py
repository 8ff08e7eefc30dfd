"""Triage by the embedded model alone, with nothing read from the database and nothing written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agents.evals.datasets import described
from agents.evals.models import OUT_OF_SCOPE
from agents.local_model.classifier import IntentClassifier
from agents.local_model.drafting import Draft, draft
from agents.local_model.provider import classification, draft_request, respond
from agents.local_model.ranking import PastReply, rank
from agents.triage import agent

UNSORTED = ""


@dataclass(frozen=True, kw_only=True)
class Knowledge:
    """What the agent has learnt.

    company: its products and the patterns of its order numbers. classifier: None where past
    replies have no categories; all of them are then UNSORTED.
    """

    company: Mapping[str, Any]
    classifier: IntentClassifier | None
    past_replies: Sequence[PastReply]


@dataclass(frozen=True, kw_only=True)
class Rehearsed:
    """The category that was found, and the draft or the reason why there is none."""

    category: str
    draft: Draft


def rehearse(conversation: dict[str, Any], knowledge: Knowledge) -> Rehearsed:
    """Return what `agents.triage.agent.triage` comes to with the embedded model in every tier.

    No article is searched for: a draft cites those of its past reply, which the agent recalls.
    """
    extracted = respond("Extracted", {**knowledge.company, "conversation": conversation})
    asked = agent.question(conversation)
    classified = _classified(asked, knowledge.classifier)
    if classified["category"] == OUT_OF_SCOPE:
        nothing = Draft(reply="", no_draft_reason="No category fits the message.")
        return Rehearsed(category=OUT_OF_SCOPE, draft=nothing)
    ranked = rank(
        asked,
        knowledge.past_replies,
        chances=agent.chances(classified),
        limit=agent.PAST_REPLIES,
    )
    replies = [described(found) for found in ranked]
    document = {
        "fields": extracted,
        "conversation": conversation,
        "past_replies": replies,
        "articles": [{"slug": slug} for slug in agent.supporting_articles(replies)],
    }
    return Rehearsed(category=classified["category"], draft=draft(draft_request(document)))


def _classified(asked: str, classifier: IntentClassifier | None) -> dict[str, Any]:
    if classifier is None:
        return {"category": UNSORTED, "confidence": 1.0, "alternatives": []}
    (prediction,) = classifier.predict([asked])
    return classification(prediction)
