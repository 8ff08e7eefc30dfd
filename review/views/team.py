"""One's own day, the team's board, and what came late."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from review import wake
from review.forms_team import PEOPLE, SharingForm
from review.models import Queue
from review.overview import words
from review.overview.period import LENGTHS, period_of
from review.requests import ReviewerRequest
from review.team import queries, sentences
from review.team.board import board, people
from review.team.day import day_of
from review.team.late import State, late_items
from review.team.sharing import Moved, carry_out, plan

QUEUES = Queue.objects.prefetch_related("business_hours", "holidays")
SEES_ALL = "review.view_every_queue"
MANAGES = ("review.manage_team", SEES_ALL)


@require_GET
@permission_required("review.decide", raise_exception=True)
def day_page(request: ReviewerRequest) -> HttpResponse:
    """Show what the person did today, beside their own last two weeks."""
    now = timezone.now()
    day = day_of(request.user, now)
    context = {
        "day": day,
        "lead": sentences.day_lead(day.today),
        "usual": sentences.usual_day(day.before),
        "now": now,
    }
    return render(request, "review/day.html", context)


@require_GET
@permission_required(SEES_ALL, raise_exception=True)
def team_page(request: ReviewerRequest) -> HttpResponse:
    """Show what waits in each queue and who has what; the board alone is fetched anew."""
    now = timezone.now()
    found = board(now)
    context = {"board": found, "lead": sentences.board_lead(found.depths), "now": now}
    return render(request, "review/team.html", context)


@require_http_methods(["GET", "POST"])
@permission_required(MANAGES, raise_exception=True)
def share(request: ReviewerRequest) -> HttpResponse:
    """Show what would move where; when posted, move what the preview named."""
    if request.method == "GET" and not request.GET:
        return redirect("team")  # where the form is
    now = timezone.now()
    form = SharingForm(request.POST or request.GET, now=now)
    if not form.is_valid():
        return _preview(request, form, {}, status=422)
    if request.method == "GET":
        target = form.target()
        is_open = form.cleaned_data["to"] == PEOPLE and not target.people
        source, count = form.cleaned_data["source"], form.cleaned_data["count"]
        moves = [] if is_open else plan(source, target, count, now)
        return _preview(request, form, {"moves": moves, "asks_who": is_open})
    moved = carry_out(
        form.cleaned_data["source"],
        form.target().queue,
        form.shares(request.POST.getlist("share")),
        request.user,
    )
    return _carried_out(request, moved, form.target().queue)


@require_GET
@permission_required(SEES_ALL, raise_exception=True)
def late_page(request: ReviewerRequest) -> HttpResponse:
    """Show what is over time or was, with why, and how each queue kept what it promised."""
    now, asked = timezone.now(), request.GET
    zone = timezone.get_default_timezone()
    period = period_of(asked.dict(), timezone.localdate(now, zone), zone)
    kept = {row.queue_id: row for row in queries.kept(period.start, period.end, now)}
    state: State = "decided" if asked.get("state") == "decided" else "open"
    queues = {queue.pk: queue for queue in QUEUES.all()}
    chosen = next((one for one in queues.values() if one.slug == asked.get("queue")), None)
    after = asked.get("after", "")
    context = {
        "page": late_items(state, period, now, queues, queue=chosen, after=after),
        "queues": [(one, kept.get(one.pk, queries.NOTHING_KEPT)) for one in queues.values()],
        "all": kept.get(None),
        "lead": sentences.late_lead(kept.get(None), period.name),
        "chosen": chosen,
        "period": period,
        "lengths": LENGTHS,
        "state": state,
        "now": now,
    }
    return render(request, "review/late.html", context)


def _preview(
    request: ReviewerRequest, form: SharingForm, found: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    now = timezone.now()
    context = {
        **found,
        "form": form,
        "queues": Queue.objects.all(),
        "people": people(now),
        "chosen": form.cleaned_data.get("people", []),
    }
    return render(request, "review/team_share.html", context, status=status)


def _carried_out(request: ReviewerRequest, moved: Moved, queue: Queue | None) -> HttpResponse:
    for queue_id in moved.queues:
        wake.announce(queue_id)
    wake.notify(moved.people)
    what = f"{words.many(moved.moved, 'item')} moved" + (f" to {queue.name}" if queue else "")
    if moved.gone:
        rest = words.many(moved.gone, "was", "were")
        messages.info(request, f"{what}; {rest} taken by somebody meanwhile.")
    else:
        messages.success(request, f"{what}.")
    return redirect("team")
