"""What needs a person, of what is so right now. Nothing is listed that is only possible."""

from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

from django.template.defaultfilters import date as as_date
from django.urls import reverse
from django.utils import timezone

from review.overview import words
from review.overview.figures import Overview
from review.overview.sentences import edited_detail, is_moved
from review.overview.statistics import Share, difference_p

# Of the share of runs that failed in the last day against the four weeks before it.
SPIKE_P = 0.01
LEAST_FAILED = 3


@dataclass(frozen=True, kw_only=True)
class Need:
    """One thing to look at. url: where; empty where it is not on a page."""

    level: Literal["critical", "warning"]
    what: str
    detail: str
    url: str = ""
    link: str = ""


def needs(overview: Overview) -> list[Need]:
    """Return what needs a person, the most pressing first; empty when nothing does."""
    found = [*_stalled(overview), *_deliveries(overview), *_spike(overview), *_waiting(overview)]
    found += [*_over_time(overview), *_edited_more(overview), *_uncalibrated(overview)]
    found += _waived(overview)
    return sorted(found, key=lambda need: need.level)


def _stalled(overview: Overview) -> list[Need]:
    now = overview.standing
    if now.overdue_since is None or now.moving or not (now.overdue_runs or now.overdue_deliveries):
        return []
    waiting = [
        words.many(now.overdue_runs, "ticket") if now.overdue_runs else "",
        words.many(now.overdue_deliveries, "reply", "replies") if now.overdue_deliveries else "",
    ]
    since = timezone.localtime(now.overdue_since)
    what = "No worker is running"
    detail = f"{' and '.join(filter(None, waiting))} waiting since {as_date(since, 'H:i, j F')}."
    return [Need(level="critical", what=what, detail=detail)]


def _deliveries(overview: Overview) -> list[Need]:
    now = overview.standing
    sent = {"url": reverse("sent"), "link": "Look at what was sent"}
    found = []
    if now.failed_deliveries:
        replies = words.many(now.failed_deliveries, "reply was", "replies were")
        detail = "The other side did not take it, and it is not tried again."
        found.append(Need(level="critical", what=f"{replies} not sent", detail=detail, **sent))
    if now.unknown_deliveries:
        replies = words.many(now.unknown_deliveries, "reply", "replies")
        what = f"{replies} may or may not have arrived"
        detail = "Ask the customer or look at the mail server."
        found.append(Need(level="warning", what=what, detail=detail, **sent))
    return found


def _spike(overview: Overview) -> list[Need]:
    now = overview.standing
    lately = Share(part=now.failed_lately, whole=now.ended_lately)
    before = Share(part=now.failed_before, whole=now.ended_before)
    is_more = (lately.ratio or 0) > (before.ratio or 0)
    if now.failed_lately < LEAST_FAILED or not is_more or difference_p(lately, before) >= SPIKE_P:
        return []
    what = f"{words.many(now.failed_lately, 'run')} failed in the last 24 hours"
    detail = (
        f"{words.percent(lately.ratio or 0)} against {words.percent(before.ratio or 0)} in the "
        f"four weeks before, too much for chance. Their tickets came to people without a draft."
    )
    return [Need(level="critical", what=what, detail=detail, url="#errors", link="See the errors")]


def _waiting(overview: Overview) -> list[Need]:
    now = overview.standing
    if not now.waiting_over_a_day or now.oldest_at is None:
        return []
    what = f"{words.many(now.waiting_over_a_day, 'item has', 'items have')} waited for over a day"
    oldest = (overview.now - now.oldest_at).total_seconds()
    return [
        Need(
            level="warning",
            what=what,
            detail=f"The oldest for {words.duration(oldest)}.",
            url=reverse("item", args=[now.oldest_id]),
            link="Open the oldest",
        )
    ]


def _over_time(overview: Overview) -> list[Need]:
    late = overview.standing.over_time
    if not late:
        return []
    what = f"{words.many(late, 'item is', 'items are')} over time"
    detail = "Their replies were promised by now."
    return [Need(level="warning", what=what, detail=detail, url=reverse("late"), link="See why")]


def _edited_more(overview: Overview) -> list[Need]:
    return [
        Need(
            level="warning",
            what=f"Drafts for “{figures.name}” are edited more",
            detail=f"than in the four weeks before: {edited_detail(figures)}",
            url=f"{reverse('overview-items')}?{overview.period.query}"
            f"&category={quote(figures.slug)}&outcome=edited",
            link="Read them",
        )
        for figures in overview.categories
        if is_moved(figures) and figures.edited_more
    ]


def _uncalibrated(overview: Overview) -> list[Need]:
    return [
        Need(
            level="warning",
            what=f"The confidence of {row.model} is not calibrated",
            detail=f"It classifies on tier {row.tier} with {words.whole(row.labels)} of the "
            f"{words.whole(row.needed)} labels needed. Every decided item gives one.",
        )
        for row in overview.uncalibrated
    ]


def _waived(overview: Overview) -> list[Need]:
    if not overview.waivers:
        return []
    first, more = overview.waivers[0], len(overview.waivers) - 1
    ends = as_date(timezone.localtime(first.waiver.ends_at), "H:i, j F")
    what = f"Guardrail “{first.title}” is off for {first.whom}"
    detail = f"Until {ends}, waived by {first.by}: {first.waiver.reason}"
    if more:
        detail += f" {words.many(more, 'more waiver is', 'more waivers are')} in force."
    url = reverse("guardrails")
    return [Need(level="warning", what=what, detail=detail, url=url, link="See the waivers")]
