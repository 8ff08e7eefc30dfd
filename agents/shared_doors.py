"""The doors of all workers, in Redis: one script before a call, one after it."""

import logging
import time
from collections.abc import Callable
from dataclasses import astuple
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from agents.breaker import Rules, Verdict
from agents.own_doors import Answer, Asked, Where

log = logging.getLogger(__name__)

PREFIX = "countersign:{models}"  # in braces: a cluster keeps all of it in one place
PATIENCE_S = 0.25
LEFT_ALONE_S = 5.0
# What is known of a model that nobody asks any more is kept so long after its pause.
KEPT_MS = 600_000

# Answers {"go"}, {"alone", for how many ms} or {"full"}.
ENTER = """
local call, limit, hold = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local known = redis.call('HMGET', KEYS[1], 'open_until', 'trial', 'trial_until')
local open_until = tonumber(known[1] or '')
if open_until then
    local wait = open_until - now
    if known[2] then wait = math.max(wait, tonumber(known[3]) - now) end
    if wait > 0 then return {'alone', wait} end
end
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
if limit > 0 and redis.call('ZCARD', KEYS[2]) >= limit then return {'full'} end
redis.call('ZADD', KEYS[2], now + hold, call)
if redis.call('PTTL', KEYS[2]) < hold then redis.call('PEXPIRE', KEYS[2], hold) end
if open_until then redis.call('HSET', KEYS[1], 'trial', call, 'trial_until', now + hold) end
return {'go'}
"""
# Holds agents.breaker.after in Lua; a test compares the two.
LEAVE = """
local call, verdict, model = ARGV[1], ARGV[2], ARGV[3]
local most, window, pause = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local longest, kept = tonumber(ARGV[7]), tonumber(ARGV[8])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREM', KEYS[2], call)
local known = redis.call(
    'HMGET', KEYS[1], 'open_until', 'trial', 'openings', 'failures', 'failed_at')

local function open(openings)
    local length = math.min(pause * 2 ^ math.min(openings, 16), longest)
    redis.call('DEL', KEYS[1])
    redis.call('HSET', KEYS[1], 'open_until', now + length, 'openings', openings + 1)
    redis.call('PEXPIRE', KEYS[1], length + kept)
    redis.call('ZADD', KEYS[3], now + length, model)
    return 'opened'
end

if known[1] then
    if known[2] ~= call then return 'past' end
    if verdict == 'failed' then return open(tonumber(known[3])) end
    if verdict == 'well' then
        redis.call('DEL', KEYS[1])
        redis.call('ZREM', KEYS[3], model)
        return 'closed'
    end
    redis.call('HDEL', KEYS[1], 'trial', 'trial_until')
    return 'untried'
end
if verdict == 'well' and known[4] then redis.call('DEL', KEYS[1]) end
if verdict ~= 'failed' then return 'closed' end
local failures = 1
if known[4] and now - tonumber(known[5]) <= window then failures = tonumber(known[4]) + 1 end
if failures >= most then return open(0) end
redis.call('HSET', KEYS[1], 'failures', failures, 'failed_at', now)
redis.call('PEXPIRE', KEYS[1], window + 1)
return 'closed'
"""


class SharedDoors:
    """The doors of all workers. Left alone for a while after it did not answer."""

    def __init__(self, url: str, rules: Rules) -> None:
        self.rules = rules
        self.client = redis.Redis.from_url(
            url,
            decode_responses=True,
            socket_timeout=PATIENCE_S,
            socket_connect_timeout=PATIENCE_S,
            # Once more at once where a connection was closed since, as by a restart; a hanging one
            # is not waited for twice.
            retry=Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
        )
        self.enter_script = self.client.register_script(ENTER)
        self.leave_script = self.client.register_script(LEAVE)
        self.away_until = 0.0

    def enter(self, asked: Asked) -> Answer | None:
        """Return whether the call may go, None while Redis is away."""
        said = self._ask(self.enter_script, asked.where, asked.call, asked.limit, asked.hold_ms)
        if said is None:
            return None
        word, *rest = said
        return Answer(left_alone_ms=int(rest[0]) if rest else 0, is_full=word == "full")

    def leave(self, asked: Asked, verdict: Verdict) -> bool:
        """Give the place back; return whether that opened the breaker."""
        given = (asked.call, verdict.value, str(asked.where), *astuple(self.rules), KEPT_MS)
        return bool(self._ask(self.leave_script, asked.where, *given) == "opened")

    def open_models(self) -> list[str] | None:
        """Return the names of what is open, None while Redis is away."""
        since = time.time() * 1000 - KEPT_MS
        names: list[str] | None = self._try(
            lambda: self.client.zrangebyscore(f"{PREFIX}:open", since, "+inf")
        )
        return names

    def _ask(self, script: Any, where: Where, *given: str | int) -> Any:
        keys = [f"{PREFIX}:breaker:{where}", f"{PREFIX}:places:{where}", f"{PREFIX}:open"]
        return self._try(lambda: script(keys=keys, args=given))

    def _try(self, ask: Callable[[], Any]) -> Any:
        if time.monotonic() < self.away_until:
            return None
        try:
            return ask()
        except redis.RedisError as error:
            log.warning("Redis is away, so limits are this process' own: %s", type(error).__name__)
            self.away_until = time.monotonic() + LEFT_ALONE_S
            return None
