"""Examples of an agent: what its local model learns from, and what its drafts are shaped by."""

from collections.abc import Mapping
from typing import Any

from agents.evals.models import Example
from agents.local_model.ranking import PastReply, Ranked, merged, rank
from agents.models import Agent

EXAMPLES = "examples"
PAST_REPLIES = "past-replies"
MOST_ROWS = 2_000


def similar_past_replies(
    agent: Agent, query: str, *, chances: Mapping[str, float], limit: int
) -> list[dict[str, Any]]:
    """Return the past replies that fit the query best, best first.

    chances: the categories they may be of, each with its chance to be the query's. Each is {id,
    category, question, reply, articles, language, similarity}; the question is the nearest of
    those it answered.
    """
    replies = _past_replies(agent, chances)
    return [described(ranked) for ranked in rank(query, replies, chances=chances, limit=limit)]


def described(ranked: Ranked) -> dict[str, Any]:
    """Return the past reply as a model is shown it."""
    return {
        "id": ranked.past.id,
        "category": ranked.past.category,
        "question": ranked.question,
        "reply": ranked.past.reply,
        "articles": list(ranked.past.articles),
        "language": ranked.past.language,
        "similarity": ranked.similarity,
    }


def _past_replies(agent: Agent, categories: Mapping[str, float]) -> list[PastReply]:
    """Return the categories' past replies, each once with all the questions it answered.

    An example that has its reply counts as a question of that reply.
    """
    newest = Example.objects.filter(
        dataset__agent=agent, dataset__name__in=[EXAMPLES, PAST_REPLIES], label__in=list(categories)
    ).exclude(reply="")
    rows = newest.order_by("-pk").values_list(
        "dataset__name", "pk", "external_id", "label", "text", "reply", "fields", named=True
    )[:MOST_ROWS]
    return merged(
        PastReply(
            id=row.external_id,
            category=row.label,
            questions=(row.text,),
            reply=row.reply,
            articles=tuple(row.fields.get("articles", ())),
            language=row.fields.get("language", "en"),
        )
        for row in sorted(rows, key=lambda row: (row.dataset__name != PAST_REPLIES, row.pk))
    )
