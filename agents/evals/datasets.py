"""Examples of an agent: what its local model learns from, and what its drafts are shaped by."""

from typing import Any

import numpy as np

from agents.evals.models import Example
from agents.models import Agent
from memory.embeddings import embed

EXAMPLES = "examples"
PAST_REPLIES = "past-replies"
MOST_CANDIDATES = 500


def similar_past_replies(
    agent: Agent, query: str, *, category: str, limit: int
) -> list[dict[str, Any]]:
    """Return the category's past replies whose question is nearest to the query, nearest first.

    Each is {id, question, reply, articles, language, similarity}; similarity is a cosine.
    """
    candidates = list(
        Example.objects.filter(dataset__agent=agent, dataset__name=PAST_REPLIES, label=category)
        .exclude(reply="")
        .order_by("pk")[:MOST_CANDIDATES]
    )
    if not candidates:
        return []
    vectors = embed([query, *(candidate.text for candidate in candidates)])
    similarities = vectors[1:] @ vectors[0]
    return [
        {
            "id": candidates[i].external_id,
            "question": candidates[i].text,
            "reply": candidates[i].reply,
            "articles": candidates[i].fields.get("articles", []),
            "language": candidates[i].fields.get("language", "en"),
            "similarity": round(float(similarities[i]), 4),
        }
        for i in np.argsort(-similarities, kind="stable")[:limit]
    ]
