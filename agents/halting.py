"""Stopping a run in the midst of what it does."""

from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Any


class Halt:
    """The word to stop, given by one thread and heard by the one that works.

    Heard between steps, and within a step by what waits through `result_of` or `sleep`.
    """

    def __init__(self) -> None:
        self._said: Future[None] = Future()

    def say(self, error: Exception) -> None:
        """Stop the work with this error; the first word counts."""
        if not self._said.done():
            self._said.set_exception(error)

    def check(self) -> None:
        """Raise the error if the word was given."""
        if self._said.done():
            self._said.result()

    def result_of(self, future: "Future[Any]", timeout_s: float) -> Any:
        """Return the future's result within `timeout_s`, or raise what stops the work.

        Raises TimeoutError when neither came in time.
        """
        wait({future, self._said}, timeout_s, FIRST_COMPLETED)
        self.check()
        try:
            return future.result(0)
        except FutureTimeout:
            raise TimeoutError from None

    def sleep(self, seconds: float) -> None:
        """Wait so long, or raise what stops the work as soon as the word is given."""
        wait({self._said}, max(0.0, seconds))
        self.check()
