"""When a model that keeps failing is left alone, and when it is tried again. Pure.

Closed, it lets every call through. After some failures in a row it is open: nobody asks. When its
pause is over it is half open: one call is let through, and what comes of it closes it or opens it
for twice as long. `agents.doors` holds the same rules in Redis' own language.
"""

from dataclasses import dataclass, replace
from enum import Enum


class Verdict(Enum):
    """What a call says of its model. NONE: nothing, it was not asked or not waited for."""

    WELL = "well"
    FAILED = "failed"
    NONE = "none"


@dataclass(frozen=True, kw_only=True)
class Rules:
    """failures: in a row, each at most `window_ms` after the one before, until it opens.

    pause_ms: of the first opening; each failed trial doubles it, up to `longest_pause_ms`.
    """

    failures: int = 5
    window_ms: int = 60_000
    pause_ms: int = 15_000
    longest_pause_ms: int = 120_000


@dataclass(frozen=True, kw_only=True)
class Breaker:
    """What is known of a model. Moments in milliseconds of one clock.

    open_until: None while it is closed. trial: whose call tries it out, until `trial_until`.
    """

    failures: int = 0
    failed_at: int = 0
    open_until: int | None = None
    openings: int = 0
    trial: str = ""
    trial_until: int = 0


CLOSED = Breaker()


def left_alone_ms(breaker: Breaker, now: int) -> int:
    """Return how long it is left alone from now on; 0 when a call may be made."""
    if breaker.open_until is None:
        return 0
    until = breaker.trial_until if breaker.trial else 0
    return max(0, breaker.open_until - now, until - now)


def let_through(breaker: Breaker, call: str, now: int, hold_ms: int) -> Breaker:
    """Return it with the call under way: a trial where it is half open, held for `hold_ms`."""
    if breaker.open_until is None:
        return breaker
    return replace(breaker, trial=call, trial_until=now + hold_ms)


def after(breaker: Breaker, call: str, verdict: Verdict, now: int, rules: Rules) -> Breaker:
    """Return it once the call has ended. While it is open only its trial counts."""
    if breaker.open_until is None:
        return _closed_after(breaker, verdict, now, rules)
    if breaker.trial != call:
        return breaker
    if verdict is Verdict.WELL:
        return CLOSED
    if verdict is Verdict.FAILED:
        return _opened(breaker, now, rules)
    return replace(breaker, trial="", trial_until=0)


def _closed_after(breaker: Breaker, verdict: Verdict, now: int, rules: Rules) -> Breaker:
    if verdict is Verdict.NONE:
        return breaker
    if verdict is Verdict.WELL:
        return CLOSED
    in_a_row = breaker.failures if now - breaker.failed_at <= rules.window_ms else 0
    failed = replace(breaker, failures=in_a_row + 1, failed_at=now)
    return _opened(failed, now, rules) if failed.failures >= rules.failures else failed


def _opened(breaker: Breaker, now: int, rules: Rules) -> Breaker:
    pause_ms = min(rules.pause_ms << min(breaker.openings, 16), rules.longest_pause_ms)
    return Breaker(open_until=now + pause_ms, openings=breaker.openings + 1)
