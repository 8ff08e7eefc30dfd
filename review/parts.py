"""A proposal's actions as an item's page shows and posts them, other than a draft's text."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.http import QueryDict

from observability.storable import storable
from review.actions import Action, Answer, Said
from review.deeds import described
from review.errors import AnswerMissing, UnfitAnswer
from review.items import proposed_actions
from review.json_answers import compared, has_errors, read
from review.json_forms import Field, form_of
from review.models import ReviewItem

SAID: dict[str, Said] = {"go": "go", "reject": "reject", "respond": "respond"}


@dataclass(frozen=True, kw_only=True)
class Part:
    """One action with what stands in its controls. form: none for a draft.

    value: what the form gives. said: None while nothing is chosen. call: what would be done, in
    words, where the tool has some.
    """

    place: int
    action: Action
    form: Field | None
    value: Any
    said: Said | None
    words: str
    call: str = ""

    @property
    def has_errors(self) -> bool:
        """Whether something in its form does not fit."""
        return self.form is not None and has_errors(self.form)


def parts_of(
    item: ReviewItem, saved: Mapping[str, Any], posted: QueryDict | None = None
) -> list[Part]:
    """Return the item's actions as its page shows them: as posted, else as saved, else as proposed.

    saved: the choices kept with the item's working text.
    """
    kept = saved.get("answers") or []
    return [
        _part(item, place, action, kept[place] if place < len(kept) else None, posted)
        for place, action in enumerate(proposed_actions(item))
    ]


def answers_of(parts: Sequence[Part], text: str) -> list[Answer]:
    """Return what the reviewer says to each action. A lone action needs no choice: it goes.

    text: the reply, for a draft. Raises AnswerMissing or UnfitAnswer.
    """
    answers = []
    for part in parts:
        said = part.said or ("go" if len(parts) == 1 else None)
        if said == "go":
            if part.has_errors:
                raise UnfitAnswer
            answers.append(Answer(said="go", final=part.value if part.form else text))
        elif said:
            answers.append(Answer(said=said, words=part.words))
        else:
            raise AnswerMissing
    return answers


def settled_parts(item: ReviewItem, finals: Sequence[Any]) -> list[Part]:
    """Return the actions with what counts of each, None for nothing, beside what was proposed."""
    proposed = parts_of(item, {})
    return [
        replace(part, form=compared(part.form, before.form) if part.form and before.form else None)
        for part, before in zip(parts_of(item, {"answers": finals}), proposed, strict=True)
    ]


def is_filled_in(posted: QueryDict) -> bool:
    """Return whether controls of an action were posted: only its holder's page has them."""
    return any(re.match(r"a\d", name) for name in posted)


def _part(
    item: ReviewItem, place: int, action: Action, kept: Any, posted: QueryDict | None
) -> Part:
    name = f"a{place}"
    form, value = None, None
    if action.kind != "draft":
        value = action.proposed if kept is None else kept
        form = form_of(action.schema, value, name=name)
        if posted is not None and action.can_change:
            form, value = read(form, action.schema, dict(posted.lists()))
    said = SAID.get(str(posted.get(f"said-{place}"))) if posted is not None else None
    return Part(
        place=place,
        action=action,
        form=form,
        value=value,
        said=said,
        words=storable(posted.get(f"words-{place}", ""))[:2_000] if posted is not None else "",
        call=described(item.run.agent.slug, action.name, value) if action.name else "",
    )
