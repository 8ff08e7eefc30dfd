"""What a call asks of the door to a model, and the doors as one process knows them by itself."""

import secrets
import threading
import time
from dataclasses import dataclass, field

from agents.breaker import CLOSED, Breaker, Rules, Verdict, after, left_alone_ms, let_through

# How long after its time a call may still hold its place: it ends by itself before that.
SLACK_S = 5.0


@dataclass(frozen=True, kw_only=True)
class Where:
    """A model and its endpoint, empty where that is its provider's own."""

    model: str
    endpoint: str = ""

    def __str__(self) -> str:
        return f"{self.model} {self.endpoint}".strip()


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a call asks of a door. limit: of calls at a time, 0 for none. until: its own end."""

    where: Where
    limit: int
    until: float
    call: str = field(default_factory=lambda: secrets.token_hex(8))

    @property
    def hold_ms(self) -> int:
        """How long its place is held at most, from now on."""
        return max(1, round((self.until - time.monotonic() + SLACK_S) * 1000))


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Whether a call may go: else for how long the model is left alone, or that it is full."""

    left_alone_ms: int = 0
    is_full: bool = False


class OwnDoors:
    """The doors as this process knows them."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self._lock = threading.Lock()
        self._breakers: dict[Where, Breaker] = {}
        self._places: dict[Where, dict[str, int]] = {}

    def enter(self, asked: Asked) -> Answer:
        """Return whether the call may go."""
        with self._lock:
            now = _now_ms()
            breaker = self._breakers.get(asked.where, CLOSED)
            alone_ms = left_alone_ms(breaker, now)
            if alone_ms:
                return Answer(left_alone_ms=alone_ms)
            places = self._places.get(asked.where, {})
            places = {call: until for call, until in places.items() if until > now}
            if 0 < asked.limit <= len(places):
                return Answer(is_full=True)
            self._places[asked.where] = {**places, asked.call: now + asked.hold_ms}
            self._keep(asked.where, let_through(breaker, asked.call, now, asked.hold_ms))
            return Answer()

    def leave(self, asked: Asked, verdict: Verdict) -> bool:
        """Give the place back; return whether that opened the breaker."""
        with self._lock:
            self._places.get(asked.where, {}).pop(asked.call, None)
            before = self._breakers.get(asked.where, CLOSED)
            now = after(before, asked.call, verdict, _now_ms(), self.rules)
            self._keep(asked.where, now)
            return now.openings > before.openings

    def _keep(self, where: Where, breaker: Breaker) -> None:
        if breaker == CLOSED:
            self._breakers.pop(where, None)
        else:
            self._breakers[where] = breaker


def _now_ms() -> int:
    return round(time.monotonic() * 1000)
