"""When one person's word is enough, and when a second must say the same. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from review.errors import NotTheSecond

Ruling = Literal["settle", "wait"]


@dataclass(frozen=True, kw_only=True)
class First:
    """What the first of two people said: of each action its `actions.mark`."""

    reviewer: int
    marks: Sequence[str]


def ruling(
    *, needs_second: bool, acts: bool, reviewer: int, marks: Sequence[str], first: First | None
) -> Ruling:
    """Return whether the answers settle the item or wait for a second person.

    acts: whether anything would happen; refusing needs one person only. Where the second changes
    anything, theirs becomes the first word. Raises NotTheSecond.
    """
    if not (needs_second and acts):
        return "settle"
    if first is None:
        return "wait"
    if first.reviewer == reviewer:
        raise NotTheSecond
    return "settle" if tuple(first.marks) == tuple(marks) else "wait"
