"""Service levels: by when a queue has promised a reply."""

from datetime import datetime, timedelta

from review.models import Queue, ReviewItem
from review.service.levels import levels_of


def due_at(queue: Queue, priority: int, started_at: datetime) -> datetime:
    """Return when the queue's target for a message that came in then is over.

    Two queries; none for a queue whose business hours and holidays were prefetched.
    """
    return levels_of(queue).calendar.after(started_at, target(queue, priority))


def target(queue: Queue, priority: int) -> timedelta:
    """Return the working time within which the queue promises a reply."""
    minutes = {
        ReviewItem.Priority.HIGH: queue.target_urgent_min,
        ReviewItem.Priority.LOW: queue.target_low_min,
    }.get(ReviewItem.Priority(priority), queue.target_normal_min)
    return timedelta(minutes=minutes)
