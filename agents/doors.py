"""The door to each model, which all workers pass: its circuit breaker, and its places.

It is kept in Redis. Where that is away or hangs, each process goes by what it saw itself, and asks
Redis again some seconds later. What is held is held for a time only, so a worker that dies holds up
nobody.
"""

import logging
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from django.conf import settings

from agents import errors
from agents.breaker import Rules, Verdict
from agents.halting import Halt
from agents.own_doors import Asked, OwnDoors, Where
from agents.shared_doors import SharedDoors

log = logging.getLogger(__name__)

RULES = Rules()
# A full model is looked at again after this, and more and more seldom.
FIRST_LOOK_S, LONGEST_LOOK_S = 0.02, 0.25


@contextmanager
def passed(asked: Asked, *, fair_s: float, halt: Halt) -> Iterator[float]:
    """Hold a place at the model while it is asked, and tell its breaker what came of it.

    Yields how many seconds it waited for the place: until the call's own end at most. fair_s: a
    time-out sooner than that says nothing of the model. Raises NotAsked while the breaker is open,
    RateLimited when no place came free.
    """
    is_shared, waited_s = _enter(asked, halt)
    entered = time.monotonic()
    verdict = Verdict.NONE
    try:
        yield waited_s
        verdict = Verdict.WELL
    except errors.ModelError as error:
        verdict = _verdict(error, asked.until - entered >= fair_s)
        raise
    finally:
        _leave(asked, verdict, is_shared=is_shared)


def open_breakers() -> list[Where] | None:
    """Return the models that are left alone or being tried out; None when Redis is away."""
    found = _shared().open_models()
    if found is None:
        return None
    pairs = (name.partition(" ") for name in found)
    return [Where(model=model, endpoint=endpoint) for model, _, endpoint in pairs]


def _verdict(error: errors.ModelError, had_time: bool) -> Verdict:
    if isinstance(error, errors.BudgetExceeded):
        return Verdict.NONE
    if isinstance(error, errors.ModelTimeout) and not had_time:
        return Verdict.NONE
    # It was there and answered, be it with a refusal or that the key is wrong.
    return Verdict.FAILED if error.is_transient else Verdict.WELL


def _enter(asked: Asked, halt: Halt) -> tuple[bool, float]:
    """Take a place; return whether it is one in Redis, and how long it was waited for."""
    look_s, waited_s = FIRST_LOOK_S, 0.0
    while True:
        answer = _shared().enter(asked)
        is_shared = answer is not None
        answer = answer or _own().enter(asked)
        if answer.left_alone_ms:
            seconds = -(-answer.left_alone_ms // 1000)
            raise errors.NotAsked(
                f"{asked.where.model} was not asked: it kept failing, and is left alone for"
                f" {seconds} s more."
            )
        if not answer.is_full:
            return is_shared, waited_s
        wait_s = look_s * (0.5 + random.random())  # noqa: S311 - so that waiting calls spread
        if time.monotonic() + wait_s >= asked.until - errors.WORTH_ASKING_S:
            raise _full(asked)
        halt.sleep(wait_s)
        waited_s += wait_s
        look_s = min(look_s * 1.5, LONGEST_LOOK_S)


def _full(asked: Asked) -> errors.RateLimited:
    calls = "1 call" if asked.limit == 1 else f"{asked.limit} calls"
    full = errors.RateLimited(
        f"{asked.where.model} was not asked: our own limit of {calls} at a time was reached, and no"
        " place came free in time.",
        advice="Raise the tier's limit of calls at a time, or add a fallback.",
    )
    full.may_cost = False
    return full


def _leave(asked: Asked, verdict: Verdict, *, is_shared: bool) -> None:
    if (_shared() if is_shared else _own()).leave(asked, verdict):
        log.warning("%s keeps failing and is left alone for a while", asked.where)


@cache
def _own() -> OwnDoors:
    return OwnDoors(RULES)


def _shared() -> SharedDoors:
    layer: Any = settings.CHANNEL_LAYERS["default"]
    return _shared_at(str(layer["CONFIG"]["hosts"][0]["address"]))


@cache
def _shared_at(url: str) -> SharedDoors:
    return SharedDoors(url, RULES)
