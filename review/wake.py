"""Telling workers and browsers that something changed, once it is committed. Only a hint:
with Redis gone nothing is lost, the sweep and the browser's own polling come to it.
"""

from collections.abc import Awaitable, Callable, Hashable, Iterable
from typing import Any

from channels.layers import get_channel_layer
from django.db import transaction

from review.hints import hints

# A hint older than this is dropped by the worker: by then the sweep has given another.
HINT_EXPIRES_S = 120
# Pages fetch themselves anew on each word: of a hundred verdicts a second they hear four times.
NEWS_REST_S = 0.25


def wake_run(run_id: int, *, is_awaited: bool = False) -> None:
    """Tell a worker of a queued run, after commit.

    is_awaited: it goes on from where a person answered it or its worker died, and does not wait
    behind all the runs that have not begun.
    """
    from review.tasks import work_on_run  # noqa: PLC0415 - tasks import this module

    _publish(work_on_run, run_id, **({"queue": "awaited"} if is_awaited else {}))


def wake_delivery(delivery_id: int) -> None:
    """Tell a worker of a due delivery, after commit."""
    from review.tasks import work_on_delivery  # noqa: PLC0415 - tasks import this module

    _publish(work_on_delivery, delivery_id)


def announce(queue_id: int | None) -> None:
    """Tell the open pages of the queue to fetch themselves anew, after commit."""
    if queue_id is not None:
        _tell(f"queue.{queue_id}", "changed")


def announce_comments(queue_id: int, ticket_id: int) -> None:
    """Tell the open pages of the ticket's items that its comments are more, after commit."""
    _tell(f"queue.{queue_id}", f"comments {ticket_id}")


def notify(user_ids: Iterable[int]) -> None:
    """Tell the open pages of these people that they have notifications, after commit."""
    for user_id in user_ids:
        _tell(f"user.{user_id}", "notice")


def _tell(group: str, word: str) -> None:
    def send() -> Awaitable[None]:
        told: Awaitable[None] = get_channel_layer().group_send(
            group, {"type": "news", "word": word}
        )
        return told

    _after_commit((group, word), send, rest_s=NEWS_REST_S)


def _publish(task: Any, row_id: int, **options: Any) -> None:
    def publish() -> None:
        task.apply_async((row_id,), retry=False, expires=HINT_EXPIRES_S, **options)

    _after_commit((task.name, row_id), publish)


def _after_commit(
    key: Hashable, send: Callable[[], Awaitable[None] | None], *, rest_s: float = 0
) -> None:
    transaction.on_commit(lambda: hints.add(key, send, rest_s=rest_s), robust=True)
