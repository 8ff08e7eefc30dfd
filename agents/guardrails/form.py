"""What a draft must be whatever it says: filled in, clean, sourced, in one language. Pure."""

import re

from agents.guardrails.subject import Subject
from agents.guardrails.text import ends
from agents.local_model.languages import certain_language

LONGEST_REPLY = 4000
SLOT = re.compile(r"\{[^{}|\n]{0,200}\|[^{}\n]{0,200}\}")
BRACKETED = re.compile(r"\[([^\[\]\n]{7,200})\]")
REMOVED = re.compile(r"\bremoved\b")
LANGUAGE_NAMES = {"en": "English", "de": "German", "fr": "French", "es": "Spanish", "nl": "Dutch"}


def slots(subject: Subject) -> str:
    """Say that a placeholder such as `{product|the machine}` was not filled in.

    Lets through braces without a bar.
    """
    return "A placeholder in the draft was not filled in." if SLOT.search(subject.draft) else ""


def secrets(subject: Subject) -> str:
    """Say that the draft repeats the mark of a secret that intake removed.

    The secrets themselves never reach an agent; card numbers and accounts are `personal_data`.
    """
    if not any(REMOVED.search(found[1]) for found in BRACKETED.finditer(subject.draft)):
        return ""
    return "The draft repeats something that was removed from the customer's message."


def length(subject: Subject) -> str:
    """Say that the draft is longer than a reply should be, in characters."""
    if len(subject.draft) <= LONGEST_REPLY:
        return ""
    return f"The draft is longer than {LONGEST_REPLY:,} characters."


def sources(subject: Subject) -> str:
    """Say that the draft cites no article, or one that it was not given."""
    strangers = sorted(set(subject.cited) - {article.slug for article in subject.articles})
    if strangers:
        return f"The draft cites an article it was not given: {', '.join(strangers)[:120]}."
    return "" if subject.cited else "The draft cites no article."


def language(subject: Subject) -> str:
    """Say that the draft is in another language than the customer's last messages.

    Catches whole drafts in another language. Lets through drafts and messages too short to tell,
    and a draft in the language that either the extraction or the detector found.
    """
    draft = certain_language([ends(subject.draft)])
    wanted = {certain_language([subject.latest or subject.written]), subject.language}
    wanted.discard("")
    if not draft or not wanted or draft in wanted:
        return ""
    spoken = " or ".join(_named(one) for one in sorted(wanted))
    return f"The draft is in {_named(draft)}, the customer writes in {spoken}."


def _named(code: str) -> str:
    return LANGUAGE_NAMES.get(code, f"“{code}”")
