"""Which models are asked again after all of them failed, and when. Pure."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

# The longest wait before the first round of retries; it doubles with each, up to the second.
FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 8.0


@dataclass(frozen=True, kw_only=True)
class Tried:
    """A model that failed. retry_after_s: how long it asked to be left alone, from `at_s` on."""

    model: str
    at_s: float
    is_transient: bool
    retry_after_s: float | None = None


@dataclass(frozen=True, kw_only=True)
class Turn:
    """A model's turn. at_s: not before; None for at once."""

    model: str
    at_s: float | None = None


def first_round(models: Iterable[str]) -> list[Turn]:
    """Return every model's turn, without a wait."""
    return [Turn(model=model) for model in models]


def next_round(
    tried: Sequence[Tried], number: int, *, by_s: float, jitter: Callable[[], float]
) -> list[Turn]:
    """Return the turns of the models that may do better by then, the soonest first.

    number: of the round, from 0. by_s: the last moment at which asking is worth it. jitter: gives a
    number in [0, 1), so that calls which failed together do not come again together. What a
    provider asked to wait is waited in full, and a wait on top of it only as far as there is time.
    """
    turns = []
    for one in tried:
        soonest_s = one.at_s + (one.retry_after_s or 0)
        if one.is_transient and soonest_s <= by_s:
            wait_s = jitter() * min(FIRST_WAIT_S * 2**number, LONGEST_WAIT_S)
            turns.append((min(soonest_s + wait_s, by_s), one.model))
    return [Turn(model=model, at_s=at_s) for at_s, model in sorted(turns, key=lambda turn: turn[0])]
