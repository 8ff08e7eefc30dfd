"""Checks of a drafted reply, as small pure functions."""

import re
from collections.abc import Sequence

from agents.results import Check

LONGEST_REPLY = 4000
SLOT = re.compile(r"\{[^{}\n]*\|[^{}\n]*\}")
REMOVED = re.compile(r"\[[^\]\n]*\bremoved\b[^\]\n]*\]")


def check_draft(reply: str, cited: Sequence[str], known: Sequence[str]) -> tuple[Check, ...]:
    """Return every check's finding on the reply. known: slugs of the articles it was given."""
    if not reply:
        return ()
    strangers = sorted(set(cited) - set(known))
    return (
        Check(
            name="slots",
            passed=not SLOT.search(reply),
            effect="block",
            detail="A placeholder in the draft was not filled in.",
        ),
        Check(
            name="secrets",
            passed=not REMOVED.search(reply),
            detail="The draft repeats something that was removed from the customer's message.",
        ),
        Check(
            name="length",
            passed=len(reply) <= LONGEST_REPLY,
            detail=f"The draft is longer than {LONGEST_REPLY:,} characters.",
        ),
        Check(
            name="sources",
            passed=bool(cited) and not strangers,
            detail=(
                f"The draft cites an article it was not given: {', '.join(strangers)}."
                if strangers
                else "The draft cites no article."
            ),
        ),
    )
