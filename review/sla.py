"""Service levels: by when a queue has promised a reply."""

from datetime import datetime, timedelta

from review.models import Queue, ReviewItem


def due_at(queue: Queue, priority: int, started_at: datetime) -> datetime:
    """Return when the queue's target for a message that came in then is over."""
    minutes = {
        ReviewItem.Priority.HIGH: queue.target_urgent_min,
        ReviewItem.Priority.LOW: queue.target_low_min,
    }.get(ReviewItem.Priority(priority), queue.target_normal_min)
    return started_at + timedelta(minutes=minutes)
