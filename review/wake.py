"""Telling workers and browsers that something changed, once it is committed. Only a hint:
with Redis gone nothing is lost, the sweep and the browser's own polling come to it.
"""

from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction

# A hint older than this is dropped by the worker: by then the sweep has given another.
HINT_EXPIRES_S = 120


def wake_run(run_id: int) -> None:
    """Tell a worker of a queued run, after commit."""
    from review.tasks import work_on_run  # noqa: PLC0415 - tasks import this module

    _publish_after_commit(work_on_run, run_id)


def wake_delivery(delivery_id: int) -> None:
    """Tell a worker of a due delivery, after commit."""
    from review.tasks import work_on_delivery  # noqa: PLC0415 - tasks import this module

    _publish_after_commit(work_on_delivery, delivery_id)


def announce(queue_id: int | None) -> None:
    """Tell open inboxes of the queue to fetch themselves anew, after commit."""

    def send() -> None:
        layer = get_channel_layer()
        async_to_sync(layer.group_send)(f"queue.{queue_id}", {"type": "changed"})

    if queue_id is not None:
        transaction.on_commit(send, robust=True)


def _publish_after_commit(task: Any, row_id: int) -> None:
    # A function, not a partial: where a robust hook fails, Django logs its name, and a partial
    # has none.
    def publish() -> None:
        task.apply_async((row_id,), retry=False, expires=HINT_EXPIRES_S)

    transaction.on_commit(publish, robust=True)
