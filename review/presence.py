"""Who has which item before them, and who of them is writing: kept in Redis and nowhere else.

With Redis away nobody is seen anywhere, and a few seconds pass before it is asked again.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from typing import Any

import redis
from django.conf import settings
from django.contrib.auth.models import User

TTL_S = 45
PATIENCE_S = 0.25
LEFT_ALONE_S = 5
# What one person can take up on an item, however many pages they open.
PLACES = 8
MOST_ITEMS = 100
SHOWN = 4


class State(IntEnum):
    """What a person does on an item; of several pages the greatest counts."""

    AWAY = 1
    LOOKING = 2
    EDITING = 3

    @property
    def word(self) -> str:
        """Return what is said of a person: "Grace is …"."""
        return self.name.lower()


@dataclass(frozen=True, kw_only=True)
class Present:
    """A colleague on an item."""

    person: User
    state: State


@dataclass(frozen=True, kw_only=True)
class Place:
    """One page of one person."""

    user_id: int
    page: str

    @property
    def field(self) -> str:
        return f"{self.user_id}.{hash(self.page) % PLACES}"


class _Redis:
    """The store, left alone for a while after it did not answer."""

    def __init__(self, url: str) -> None:
        self.client = redis.Redis.from_url(
            url,
            decode_responses=True,
            socket_timeout=PATIENCE_S,
            socket_connect_timeout=PATIENCE_S,
        )
        self.away_until = 0.0

    def ask(self, commands: Sequence[tuple[str | int, ...]]) -> list[object] | None:
        """Return the answers in order, None while it is away."""
        if time.monotonic() < self.away_until:
            return None
        try:
            pipeline: Any = self.client.pipeline(transaction=False)
            for command in commands:
                pipeline.execute_command(*command)
            return list(pipeline.execute())
        except redis.RedisError:
            self.away_until = time.monotonic() + LEFT_ALONE_S
            return None


def ask_again() -> None:
    """Ask Redis at once again, which has just answered somebody else."""
    _store(_address()).away_until = 0.0


def arrive(item_id: int, place: Place, state: State) -> None:
    """Note that the person is there, for the next TTL_S seconds."""
    key = _key(item_id)
    said = f"{state.value} {int(time.time())}"
    _store(_address()).ask([("HSET", key, place.field, said), ("EXPIRE", key, TTL_S)])


def leave(item_id: int, place: Place) -> None:
    """Note that the person is not there any more."""
    _store(_address()).ask([("HDEL", _key(item_id), place.field)])


def present(item_ids: Iterable[int], *, but: User) -> Mapping[int, Sequence[Present]]:
    """Return who else is on each of the items: those who edit first, then by name."""
    ids = list(dict.fromkeys(item_ids))[:MOST_ITEMS]
    answers = _store(_address()).ask([("HGETALL", _key(item_id)) for item_id in ids]) if ids else []
    seen = {
        item_id: _states(answer)
        for item_id, answer in zip(ids, answers or [], strict=False)
        if isinstance(answer, dict)
    }
    known = User.objects.filter(is_active=True).exclude(pk=but.pk)
    people = known.in_bulk({user_id for states in seen.values() for user_id in states})
    return {
        item_id: sorted(
            (
                Present(person=people[user_id], state=state)
                for user_id, state in states.items()
                if user_id in people
            ),
            key=lambda one: (-one.state, one.person.get_full_name(), one.person.pk),
        )[:SHOWN]
        for item_id, states in seen.items()
    }


def _states(fields: Mapping[str, str]) -> dict[int, State]:
    """Return each person's state, of those who were heard of lately."""
    states: dict[int, State] = {}
    for field, said in fields.items():
        value, at = said.split()
        if int(at) < time.time() - TTL_S:
            continue
        user_id = int(field.partition(".")[0])
        states[user_id] = max(State(int(value)), states.get(user_id, State.AWAY))
    return states


def _key(item_id: int) -> str:
    return f"countersign:presence:{item_id}"


def _address() -> str:
    layer: Any = settings.CHANNEL_LAYERS["default"]
    return str(layer["CONFIG"]["hosts"][0]["address"])


@cache
def _store(url: str) -> _Redis:
    return _Redis(url)
