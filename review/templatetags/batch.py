"""Which of the verdicts that can be undone were given together."""

from collections.abc import Sequence
from dataclasses import dataclass

from django import template
from django.template import Context

from review.undoing import Chance

register = template.Library()

# In the session: the verdicts' ids of each of the last batches, the latest last.
TOGETHER = "together"


@dataclass(frozen=True, kw_only=True)
class Together:
    """The batches that can be undone, the latest first. ids: of all their verdicts."""

    batches: Sequence[Sequence[Chance]]
    ids: frozenset[int]


@register.simple_tag(takes_context=True)
def given_together(context: Context) -> Together:
    """Return those of the undoable verdicts that were given in a batch of several."""
    known = getattr(context.get("request"), "session", {}).get(TOGETHER, ())
    by_id = {one.verdict.pk: one for one in context.get("undoable") or ()} if known else {}
    found = [[by_id[pk] for pk in ids if pk in by_id] for ids in reversed(known)]
    batches = [batch for batch in found if len(batch) > 1]
    ids = frozenset(one.verdict.pk for batch in batches for one in batch)
    return Together(batches=batches, ids=ids)
