"""The overview's figures beside the sentences: flow, money and time."""

from dataclasses import dataclass

from django.urls import reverse

from review.overview import words
from review.overview.counts import Errors
from review.overview.figures import Overview


@dataclass(frozen=True, kw_only=True)
class Fact:
    """A figure with its name. detail: what stands beside it. url: what stands behind it."""

    name: str
    value: str
    detail: str = ""
    url: str = ""


def headline(overview: Overview) -> list[Fact]:
    """Return the few figures a manager looks at first."""
    now = overview.standing
    decided = f"{reverse('overview-items')}?{overview.period.query}&outcome="
    oldest = (overview.now - now.oldest_at).total_seconds() if now.oldest_at else None
    return [
        _first_reply(overview, f"{decided}sent"),
        Fact(
            name="Decided",
            value=words.whole(overview.current.decided),
            detail=f"{words.many(overview.arrived, 'ticket')} came in",
            url=f"{decided}decided",
        ),
        Fact(
            name="Waiting now",
            value=words.whole(now.waiting),
            detail=f"the oldest for {words.duration(oldest)}" if now.waiting else "",
            url=reverse("inbox"),
        ),
        _cost(overview),
    ]


def timings(overview: Overview) -> list[Fact]:
    """Return how long machine and people take, apart from each other."""
    runs, replies = overview.runs_now, overview.replies_now
    if runs is None:
        return []
    few = f"median of {words.many(runs.ended, 'run')}"
    is_few = runs.ended < words.LEAST_FOR_PERCENT
    found = [
        Fact(
            name="A run takes",
            value=words.duration(runs.ran_p50_s),
            detail=few
            if is_few
            else f"median; 95{words.THIN}% within {words.duration(runs.ran_p95_s)}, "
            f"99{words.THIN}% within {words.duration(runs.ran_p99_s)}",
            url=reverse("run", args=[runs.slowest_id]) if runs.slowest_id else "",
        ),
        Fact(
            name="It waits for a worker",
            value=words.duration(runs.waited_p50_s),
            detail=few
            if is_few
            else f"median; 95{words.THIN}% within {words.duration(runs.waited_p95_s)}",
        ),
    ]
    if replies is not None:
        person = words.duration(replies.person_median_s)
        found.append(Fact(name="A draft waits for a person", value=person, detail="median"))
    return found


def error_sentence(errors: Errors) -> str:
    """Return what became of the failures of one kind."""
    if errors.saved:
        return "A model call failed, and a fallback answered"
    return "The run failed, and a person got the ticket without a draft"


def _first_reply(overview: Overview, url: str) -> Fact:
    """Return the median time to a ticket's first reply, its slow tenth and the past beside it."""
    name = "First reply, median"
    now, before = overview.replies_now, overview.replies_before
    if now is None or now.first_median_s is None:
        return Fact(name=name, value="–", detail="no ticket got its first reply")
    detail = (
        f"one in ten over {words.duration(now.first_p90_s)}"
        if now.first >= words.LEAST_FOR_PERCENT
        else f"of {words.many(now.first, 'ticket')}"
    )
    if before is not None and before.first_median_s is not None:
        was = words.duration(before.first_median_s)
        detail += f"; {was} {overview.period.previous_name}"
    return Fact(name=name, value=words.duration(now.first_median_s), detail=detail, url=url)


def _cost(overview: Overview) -> Fact:
    """Return the model cost a day. Local calls cost nothing, and unpriced ones are said."""
    name, calls = "Model cost a day", overview.all_calls
    if not calls.calls:
        return Fact(name=name, value="–", detail="no model was called")
    unpriced = f"{words.many(calls.unpriced, 'call')} of unknown price"
    if calls.local == calls.calls:
        return Fact(name=name, value="None", detail="every model call ran on this installation")
    if calls.local + calls.unpriced == calls.calls:
        return Fact(name=name, value="Unknown", detail=unpriced)
    details = []
    if overview.replies_now is not None:
        details.append(f"{words.usd(calls.cost_usd / overview.replies_now.replies)} a sent reply")
    if calls.local:
        details.append(f"{words.many(calls.local, 'call')} ran here for nothing")
    if calls.unpriced:
        details.append(f"without {unpriced}")
    value = words.usd(calls.cost_usd / overview.period.days)
    return Fact(name=name, value=value, detail="; ".join(details))
