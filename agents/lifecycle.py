"""The status of an agent: which follows which, and what work each allows. Pure."""

from collections.abc import Mapping, Sequence
from typing import Literal

Work = Literal["allowed", "paused", "not_live"]

# What may follow. Paused comes only to what works, and from paused every way is open.
MOVES: Mapping[str, Sequence[str]] = {
    "draft": ("staging", "live"),
    "staging": ("live", "draft", "paused"),
    "live": ("paused", "staging"),
    "paused": ("live", "staging", "draft"),
}
NO_OWNER = "Nobody is named as its owner. Name who answers for it."


def refusal(before: str, after: str, *, job: str, metric: str) -> str:
    """Return the sentence that says why the status cannot follow; empty when it can."""
    if after == before:
        return f"It is {_words(after)} already."
    if after not in MOVES.get(before, ()):
        return f"An agent that is {_words(before)} cannot become {_words(after)}."
    missing = [name for name, text in (("job", job), ("success metric", metric)) if not text]
    if after == "live" and missing:
        each = " and its ".join(missing)
        return f"Write its {each} in one sentence first: without, an agent cannot go live."
    return ""


def warning(after: str, *, has_owner: bool) -> str:
    """Return what speaks against the status without forbidding it; empty for nothing."""
    return NO_OWNER if after == "live" and not has_owner else ""


def work(status: str, *, in_staging: bool) -> Work:
    """Return whether an agent of this status may work. in_staging: unseen by customers."""
    if status == "paused":
        return "paused"
    if status == "live" or (status == "staging" and in_staging):
        return "allowed"
    return "not_live"


def _words(status: str) -> str:
    return {"draft": "a draft", "staging": "in staging"}.get(status, status)
