"""Why an item came too late: where its open hours went, in words. Pure."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Literal

from review.service.calendar import Calendar
from review.service.words import worked

Kind = Literal["held", "snoozed", "kept", "waited", "earlier", "agent"]

# Where spans lie over each other, the first of these counts.
ORDER: Sequence[Kind] = ("held", "snoozed", "kept", "waited", "earlier", "agent")
SAID: dict[Kind, str] = {
    "held": "{who} had it for {span}",
    "snoozed": "it was snoozed for {span}",
    "kept": "it was kept for {who} for {span}",
    "waited": "nobody took it for {span}",
    "earlier": "an earlier draft waited for {span} until the next message came in",
    "agent": "the agent took {span}",
}
# What is less than this part of the whole explains nothing.
LEAST_RATIO = 0.1
MOST_PARTS = 3
LATE_IN_THE_DAY = timedelta(minutes=30)


@dataclass(frozen=True, kw_only=True)
class Span:
    """Where the item was for a while. who: a name, for `held` and `kept`."""

    kind: Kind
    start: datetime
    end: datetime
    who: str = ""


@dataclass(frozen=True, kw_only=True)
class Escalation:
    """A hand to the queue with more authority. who escalated it, and where to."""

    at: datetime
    who: str
    to: str


@dataclass(frozen=True, kw_only=True)
class Story:
    """An item's time from the customer's message to the verdict, or to now."""

    started_at: datetime
    due_at: datetime
    ended_at: datetime
    spans: Sequence[Span]
    escalations: Sequence[Escalation] = ()


def why(story: Story, calendar: Calendar) -> str:
    """Return in a sentence or two where the time went, the longest part first."""
    told = _capital("; ".join(_parts(story, calendar)))
    beside = [*_escalated(story), *_came_in(story, calendar)]
    return " ".join(f"{sentence}." for sentence in [told, *beside] if sentence)


def spent(story: Story, calendar: Calendar) -> dict[tuple[Kind, str], timedelta]:
    """Return the open hours by where the item was; they add up to all of them."""
    found: dict[tuple[Kind, str], timedelta] = defaultdict(timedelta)
    spans = [
        (max(span.start, story.started_at), min(span.end, story.ended_at), span)
        for span in sorted(story.spans, key=lambda span: ORDER.index(span.kind))
    ]
    edges = {story.started_at, story.ended_at}
    edges |= {edge for start, end, _ in spans if start < end for edge in (start, end)}
    moments = sorted(edges)
    for start, end in pairwise(moments):
        over = next((span for first, last, span in spans if first <= start and end <= last), None)
        place: tuple[Kind, str] = (over.kind, over.who) if over else ("waited", "")
        found[place] += calendar.between(start, end)
    return found


def _parts(story: Story, calendar: Calendar) -> list[str]:
    by_place = spent(story, calendar)
    least = sum(by_place.values(), timedelta(0)) * LEAST_RATIO
    longest = sorted(by_place.items(), key=lambda place: place[1], reverse=True)
    return [
        SAID[kind].format(who=who, span=worked(span))
        for (kind, who), span in longest[:MOST_PARTS]
        if span and span >= least
    ]


def _escalated(story: Story) -> list[str]:
    """An escalation changes when it is due: what is urgent there may be over at once."""
    return [
        f"{hand.who} escalated it to {hand.to}"
        + (", where it was over time at once" if hand.at >= story.due_at else "")
        for hand in story.escalations[-1:]
    ]


def _came_in(story: Story, calendar: Calendar) -> list[str]:
    opening = calendar.opening_at(story.started_at)
    if opening is None:
        return ["It came in while the queue was closed"]
    closing_in = opening[1] - story.started_at
    if closing_in <= LATE_IN_THE_DAY and story.ended_at > opening[1]:
        return [f"It came in {worked(closing_in)} before closing"]
    return []


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
