"""A reply drafted from the past: the most fitting reply, its slots filled from the ticket. Pure.

Nothing is invented: every word comes from the template, its fallbacks or the ticket's fields.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from agents.local_model.errors import MalformedTemplate
from agents.local_model.slots import fill, slots

# Below this a reply answers another question (docs/draft-quality.md).
LEAST_SIMILARITY = 0.3


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A past reply to draft from.

    reply: a template with slots. articles: slugs it rests on. similarity: of the question to what
    is known of the reply, in [0, 1].
    """

    id: str
    reply: str
    similarity: float
    articles: tuple[str, ...] = ()
    language: str = "en"


@dataclass(frozen=True, kw_only=True)
class DraftRequest:
    """What could be answered, and what is known.

    candidates: best first. fields: slot name to the ticket's own value. recalled_articles: slugs
    that retrieval found, best first; None when nothing was looked up, so that a reply's articles
    stand as they are.
    """

    candidates: Sequence[Candidate]
    fields: Mapping[str, str] = field(default_factory=dict)
    recalled_articles: Sequence[str] | None = None
    language: str = "en"


@dataclass(frozen=True, kw_only=True)
class Draft:
    """The drafted reply, or the reason why there is none; then `reply` is "".

    candidate_id: the past reply it was made from. articles: slugs it cites.
    """

    reply: str
    candidate_id: str | None = None
    articles: tuple[str, ...] = ()
    no_draft_reason: str = ""


def draft(request: DraftRequest) -> Draft:
    """Return the first usable past reply with its slots filled, or why there is none."""
    usable = [candidate for candidate in request.candidates if _is_usable(candidate.reply)]
    if not usable:
        return Draft(reply="", no_draft_reason="There is no past reply of this category.")
    usable = [candidate for candidate in usable if candidate.language == request.language]
    if not usable:
        reason = "There is no past reply in the customer's language."
        return Draft(reply="", no_draft_reason=reason)
    best = usable[0]
    if best.similarity < LEAST_SIMILARITY:
        return Draft(reply="", no_draft_reason="No past reply is close to the question.")
    return Draft(
        reply=fill(best.reply, request.fields),
        candidate_id=best.id,
        articles=_cited(best.articles, request.recalled_articles),
    )


def _is_usable(template: str) -> bool:
    try:
        slots(template)
    except MalformedTemplate:
        return False
    return bool(template.strip())


def _cited(articles: Sequence[str], recalled: Sequence[str] | None) -> tuple[str, ...]:
    """Return the reply's articles, those that retrieval found too where it ran."""
    if recalled is None:
        return tuple(articles)
    return tuple(slug for slug in recalled if slug in articles)
