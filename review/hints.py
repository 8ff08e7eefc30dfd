"""Hints on their way to Redis, sent by a thread of their own: no page and no task waits for it.

Nothing rests on a hint. One that cannot be sent is dropped with those behind it, so that a Redis
that hangs leaves no heap of them: the sweep and the browsers' own asking come to what they missed.
"""

import asyncio
import atexit
import logging
import os
import threading
import time
from collections.abc import Awaitable, Callable, Hashable

log = logging.getLogger(__name__)

# A group's message is a matter of a millisecond.
PATIENCE_S = 2
AT_EXIT_S = 2

Send = Callable[[], Awaitable[None] | None]


class Hints:
    """What waits to be sent, each once however often it was asked for meanwhile."""

    def __init__(self) -> None:
        self.begin()
        os.register_at_fork(after_in_child=self.begin)

    def begin(self) -> None:
        """Start with nothing waiting and no thread, as a forked process does."""
        self._waiting: dict[Hashable, tuple[Send, float]] = {}
        self._resting: dict[Hashable, float] = {}
        self._changed = threading.Condition()
        self._sender: threading.Thread | None = None
        self._is_sending = False

    def add(self, key: Hashable, send: Send, *, rest_s: float = 0) -> None:
        """Have `send` called soon, unless the same is waiting already.

        rest_s: for so long after it the same is not sent again, but waits.
        """
        with self._changed:
            self._waiting.setdefault(key, (send, rest_s))
            if self._sender is None:
                self._sender = threading.Thread(target=self._run, name="hints", daemon=True)
                self._sender.start()
            self._changed.notify_all()

    def settle(self, patience_s: float) -> bool:
        """Return whether all is sent or dropped, once it is or the patience is over."""
        with self._changed:
            return self._changed.wait_for(
                lambda: not self._waiting and not self._is_sending, patience_s
            )

    def _run(self) -> None:
        with asyncio.Runner() as runner:
            while True:
                with self._changed:
                    self._is_sending = False
                    self._changed.notify_all()
                    key, send = self._take()
                    self._is_sending = True
                try:
                    runner.run(_sent(send))
                except Exception as error:  # noqa: BLE001 - whatever a broker raises
                    log.warning("Hint %s was not sent: %s", key, type(error).__name__)
                    with self._changed:
                        self._waiting.clear()

    def _take(self) -> tuple[Hashable, Send]:
        """Return the first that waits and does not rest, in the lock, once there is one."""
        while True:
            now = time.monotonic()
            self._resting = {key: until for key, until in self._resting.items() if until > now}
            key = next((key for key in self._waiting if key not in self._resting), None)
            if key is not None:
                send, rest_s = self._waiting.pop(key)
                if rest_s:
                    self._resting[key] = now + rest_s
                return key, send
            ends = [self._resting[key] for key in self._waiting]
            self._changed.wait(min(ends) - now if ends else None)


async def _sent(send: Send) -> None:
    awaited = send()
    if awaited is not None:
        await asyncio.wait_for(awaited, PATIENCE_S)


hints = Hints()


@atexit.register
def _finish() -> None:
    """Let a command that ends at once send what it has promised."""
    hints.settle(AT_EXIT_S)
