"""What an agent may put before a person: bounded, checkable, without secrets. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from review.actions import LONGEST_REPLY, Action, actions_of
from review.errors import UnfitProposal
from review.redaction import redact
from review.schema_check import depth, problems, refusal

MOST_ACTIONS = 10
DEEPEST = 20
# What a person is told in the agent's words; everything else is data, and stays as it is.
WORDS = ("text", "question", "description")


def cleaned(actions: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the actions as they are stored: the agent's words without secrets.

    Raises UnfitProposal: for values with a secret too, since redacting them would change what
    is done.
    """
    if not 1 <= len(actions) <= MOST_ACTIONS:
        raise UnfitProposal(f"A proposal has between 1 and {MOST_ACTIONS} actions.")
    clean = [
        {name: redact(value).text if name in WORDS else value for name, value in action.items()}
        for action in actions
    ]
    for place, action in enumerate(actions_of({"actions": clean})):
        _require_draft_first(place, action)
        if fault := _fault(action):
            raise UnfitProposal(f"actions.{place}: {fault}.")
    return clean


def _require_draft_first(place: int, action: Action) -> None:
    if action.kind == "draft" and place:
        raise UnfitProposal("A draft comes first, and there is one at most.")


def _fault(action: Action) -> str:
    if action.kind == "draft":
        return _fault_of_draft(action)
    if why := refusal(action.schema):
        return f"the schema cannot be used: {why}"
    if depth(action.proposed) > DEEPEST:
        return f"values are nested deeper than {DEEPEST}"
    if any(redact(text).found for text in _texts(action.proposed)):
        return "a value holds a secret such as a card number; send a reference to it instead"
    if action.proposed is not None and (found := problems(action.schema, action.proposed)):
        where = ".".join(map(str, found[0].path)) or "the value"
        return f"what is proposed does not fit its own schema, at {where}: {found[0].text}"
    return ""


def _fault_of_draft(action: Action) -> str:
    if not action.proposed.strip():
        return "the draft is empty"
    if len(action.proposed) > LONGEST_REPLY:
        return f"the draft is longer than {LONGEST_REPLY} characters"
    return ""


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str | int):
        yield str(value)
    elif isinstance(value, Mapping | list):
        inner = value.values() if isinstance(value, Mapping) else value
        for part in inner:
            yield from _texts(part)
