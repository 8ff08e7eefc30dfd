"""What the demo's scripted reviewers do with a draft. Pure: the chance is passed in.

They know the right answer, and act on the draft as people do: most good ones go out as they are or
with a word of their own, a wrong one is written anew, what is not theirs goes to a lead.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Literal

from review.demo import files

OUT_OF_SCOPE = "oos"
CLOSING = "\n\nKind regards,\nHalden Coffee Works support"
ADVERTISING = frozenset({"sales_pitch", "spam", "injection"})
FOR_A_LEAD = frozenset({"legal", "above_limit"})
NOTES = {
    "legal": "Mentions a lawyer. Not mine to answer.",
    "above_limit": "The amount is above our limit of 200 EUR.",
}

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z“])")


@dataclass(frozen=True, kw_only=True)
class Case:
    """A ticket as its reviewer sees it, who knows what is right.

    draft: as it is offered, "" for none. right: what should go out, the right past reply with its
    slots filled or what somebody wrote for this ticket alone; "" where nobody knows yet.
    """

    name: str
    draft: str
    right: str
    category: str
    tags: frozenset[str] = frozenset()
    is_lead: bool = False


@dataclass(frozen=True, kw_only=True)
class Act:
    """What the reviewer does. text: what is sent; note: why nothing is."""

    kind: Literal["send", "reject"]
    text: str = ""
    note: str = ""


def act_on(case: Case, chance: Random) -> Act:
    """Return what a reviewer does with the draft."""
    if case.category == OUT_OF_SCOPE:
        if case.tags & ADVERTISING:
            return Act(kind="reject", note="Advertising.")
        return Act(kind="send", text=framed(case.name, chance.choice(_said("not_ours"))))
    return Act(kind="send", text=_reply(case, chance))


def framed(name: str, body: str) -> str:
    """Return the body as a reply: greeted and closed."""
    return f"Hello {name or 'there'},\n\n{body}{CLOSING}"


def escalation_note(tags: frozenset[str]) -> str:
    """Return what a reviewer says who hands the item to a lead; "" where it is theirs."""
    return next((NOTES[tag] for tag in sorted(tags & FOR_A_LEAD)), "")


def _reply(case: Case, chance: Random) -> str:
    if not case.right:
        return framed(case.name, chance.choice(_said("holding")))
    if case.is_lead and case.tags & FOR_A_LEAD:
        return _insert_first(case.right, chance.choice(_said("lead")))
    if "not_english" in case.tags and not case.draft:
        return _insert_first(case.right, _said("foreign")[0])
    if case.draft != case.right:
        return case.right
    return _touched(case, chance)


def _touched(case: Case, chance: Random) -> str:
    """Return a good draft as it goes out: mostly as it is, else with a few words changed."""
    opening = chance.choice(_said("sorry") if "angry" in case.tags else _said("warm"))
    small: list[Callable[[str], str]] = [
        lambda text: _insert_first(text, opening),
        lambda text: _insert_last(text, chance.choice(_said("fact"))),
        lambda text: _cut_sentence(text, chance),
    ]
    roll = chance.random()
    if roll < 0.60:
        return case.draft
    few = chance.sample(small, chance.choice((1, 1, 2)))
    edits = few if roll < 0.90 else [*small, small[2]]
    text = case.draft
    for edit in edits:
        text = edit(text)
    return text


def _insert_first(text: str, sentence: str) -> str:
    greeting, _, rest = text.partition("\n\n")
    return f"{greeting}\n\n{sentence} {rest}"


def _insert_last(text: str, sentence: str) -> str:
    body, closing, signature = text.rpartition(CLOSING)
    return f"{body}\n\n{sentence}{closing}{signature}" if closing else f"{text}\n\n{sentence}"


def _cut_sentence(text: str, chance: Random) -> str:
    """Return the text without one sentence of a paragraph that has others."""
    paragraphs = text.split("\n\n")
    long = [i for i, part in enumerate(paragraphs) if len(_SENTENCE_END.split(part)) > 1]
    if not long:
        return text
    place = chance.choice(long)
    sentences = _SENTENCE_END.split(paragraphs[place])
    del sentences[chance.randrange(1, len(sentences))]
    paragraphs[place] = " ".join(sentences)
    return "\n\n".join(paragraphs)


def _said(occasion: str) -> list[str]:
    return files.phrases()[occasion]
