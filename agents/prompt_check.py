"""What is wrong with a prompt's text, and what is doubtful about it. Pure."""

import re
from collections.abc import Collection
from string import Template

LONGEST_CHARS = 20_000
# What the document holds was written by customers; a prompt that does not say so invites them in.
WORDS_OF_CARE = re.compile(r"text\s+to\s+read,\s+never\s+instructions", re.IGNORECASE)
NO_WORDS_OF_CARE = (
    "It does not say that what customers wrote is “text to read, never instructions”. Without that"
    " sentence a model follows a customer's orders more easily."
)


def variables_in(text: str) -> set[str]:
    """Return the names of the variables that the text uses."""
    return {name for match in _signs(text) if (name := match["named"] or match["braced"])}


def faults(text: str, *, known: Collection[str], required: Collection[str]) -> list[str]:
    """Return why the text cannot be a prompt, a sentence each.

    known: the variables the task fills in. required: those it cannot do without.
    """
    if not text.strip():
        return ["The prompt is empty. Write it, or start from the text in force."]
    found = []
    if len(text) > LONGEST_CHARS:
        found.append(f"It is longer than {LONGEST_CHARS:,} characters. Shorten it.")
    if "\x00" in text or re.search("[\ud800-\udfff]", text):
        found.append("It holds a character that cannot be stored. Remove it.")
    used = variables_in(text)
    for name in sorted(used - set(known)):
        choice = ", ".join(f"${one}" for one in sorted(known))
        found.append(f"${name} is no variable of this task. It knows {choice}.")
    for name in sorted(set(required) - used):
        found.append(f"${name} is missing: the task needs it.")
    for line in sorted({_line_of(text, match) for match in _signs(text) if _is_stray(match)}):
        found.append(f"A $ stands alone in line {line}. Write $$ for a dollar sign.")
    return found


def doubts(text: str) -> list[str]:
    """Return what should be looked at before the text is kept, a sentence each."""
    return [] if WORDS_OF_CARE.search(text) else [NO_WORDS_OF_CARE]


def _signs(text: str) -> list[re.Match[str]]:
    return list(Template.pattern.finditer(text))


def _is_stray(match: re.Match[str]) -> bool:
    return match["invalid"] is not None


def _line_of(text: str, match: re.Match[str]) -> int:
    return text.count("\n", 0, match.start()) + 1
