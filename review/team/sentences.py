"""What one's day and the team's board say first, in sentences. Pure."""

from review.overview import words
from review.team.day import Work
from review.team.queries import Depth, Kept


def day_lead(today: Work) -> str:
    """Return `31 done today`."""
    return f"{words.whole(today.done)} done today" if today.done else "Nothing done yet today"


def usual_day(before: Work) -> str:
    """Return what the person's days of the last two weeks were like; "" without one."""
    if not before.days:
        return ""
    often = round(before.done / before.days)
    said = f"On your {words.many(before.days, 'day')} of the last two weeks: {often} done a day"
    if before.median_s is not None:
        said += f", {words.duration(before.median_s)} an item"
    if before.edited.whole:
        said += f", {words.share(before.edited)} of the drafts edited"
    if before.in_time.whole:
        said += f", {words.share(before.in_time)} of the replies in time"
    return f"{said}."


def board_lead(depths: list[Depth]) -> str:
    """Return what is over time of what is open."""
    waiting, late = sum(row.open for row in depths), sum(row.late for row in depths)
    if not waiting:
        return "Nothing is open"
    if not late:
        return f"{words.many(waiting, 'item')} open, none over time"
    return f"{words.whole(late)} of {words.many(waiting, 'open item')} over time"


def late_lead(kept: Kept | None, period: str) -> str:
    """Return how much of what was decided came late, or what is over time where nothing was."""
    if kept is not None and kept.late_open and not kept.decided:
        return f"{words.many(kept.late_open, 'item')} over time"
    if kept is None or not kept.decided:
        return f"Nothing was decided in {period}"
    if not kept.late:
        return f"Everything decided in {period} was in time"
    return f"{words.whole(kept.late)} of {words.many(kept.decided, 'item')} came late in {period}"
