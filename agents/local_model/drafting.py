"""A reply drafted from the past: the most fitting reply, its slots filled from the ticket. Pure.

Nothing is invented: every word comes from the template, its fallbacks or the ticket's fields.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer

from agents.local_model.errors import MalformedTemplate
from agents.local_model.slots import fill, slots
from memory.embeddings import embed

# Below this a reply answers another question, though its category be the right one.
LEAST_SCORE = 0.2


@dataclass(frozen=True, kw_only=True)
class PastReply:
    """A reply that was right once. reply: a template with slots. articles: slugs it rests on."""

    id: str
    category: str
    question: str
    reply: str
    articles: tuple[str, ...] = ()
    language: str = "en"


@dataclass(frozen=True, kw_only=True)
class DraftRequest:
    """What is asked, what is known, and what could be answered.

    fields: slot name to the ticket's own value. recalled_articles: slugs that retrieval found,
    best first; None when nothing was looked up, so that a reply's articles stand as they are.
    """

    question: str
    category: str
    candidates: Sequence[PastReply]
    fields: Mapping[str, str] = field(default_factory=dict)
    recalled_articles: Sequence[str] | None = None
    language: str = "en"


@dataclass(frozen=True, kw_only=True)
class Draft:
    """The drafted reply, or the reason why there is none; then `reply` is "".

    candidate_id: the past reply it was made from. articles: slugs it cites. score: how well the
    past reply fits, in [0, 1]; also given when it was too low.
    """

    reply: str
    candidate_id: str | None = None
    articles: tuple[str, ...] = ()
    score: float = 0.0
    no_draft_reason: str = ""


def draft(request: DraftRequest) -> Draft:
    """Return the best past reply of the category with its slots filled, or why there is none."""
    fitting = [
        reply
        for reply in request.candidates
        if reply.category == request.category and _is_usable(reply.reply)
    ]
    if not fitting:
        return _nothing("There is no past reply of this category to draft from.")
    fitting = [reply for reply in fitting if reply.language == request.language]
    if not fitting:
        return _nothing("There is no past reply in the customer's language.")
    if not request.question.strip():
        return _nothing("The message holds no question to compare past replies with.")
    scores = _scores(request.question, fitting)
    best = int(np.argmax(scores))
    chosen, score = fitting[best], float(scores[best])
    if score < LEAST_SCORE:
        return _nothing("No past reply of this category is close to the question.", score)
    return Draft(
        reply=fill(chosen.reply, request.fields),
        candidate_id=chosen.id,
        articles=_cited(chosen.articles, request.recalled_articles),
        score=score,
    )


def _is_usable(template: str) -> bool:
    try:
        slots(template)
    except MalformedTemplate:
        return False
    return bool(template.strip())


def _nothing(reason: str, score: float = 0.0) -> Draft:
    return Draft(reply="", score=score, no_draft_reason=reason)


def _scores(question: str, replies: Sequence[PastReply]) -> NDArray[np.float64]:
    """Return how well each reply fits the question, in [0, 1].

    The mean of three cosines: of sense between the questions, and of letters between the question
    and the past question, and the past reply. Letters are weighted by how rare they are among
    these replies, so that what the category always says counts for little.
    """
    asked = [reply.question for reply in replies]
    answered = [fill(reply.reply, {}) for reply in replies]
    vectors = embed([question, *asked])
    sense = vectors[1:] @ vectors[0]
    letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True)
    letters.fit([*asked, *answered])
    here = letters.transform([question])
    near_question = (letters.transform(asked) @ here.T).toarray()[:, 0]
    near_reply = (letters.transform(answered) @ here.T).toarray()[:, 0]
    return np.asarray(np.clip((sense + near_question + near_reply) / 3, 0, 1), dtype=np.float64)


def _cited(articles: Sequence[str], recalled: Sequence[str] | None) -> tuple[str, ...]:
    """Return the reply's articles, those that retrieval found too where it ran."""
    if recalled is None:
        return tuple(articles)
    return tuple(slug for slug in recalled if slug in articles)
