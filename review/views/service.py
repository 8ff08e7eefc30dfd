"""The queues' service levels: what they promise, when they are open, and changing it."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from review.forms_service import CopyForm, LevelsForm
from review.models import Queue
from review.requests import ReviewerRequest
from review.service.changing import set_levels
from review.service.levels import Levels, levels_of
from review.service.meaning import examples
from review.wake import announce

QUEUES = Queue.objects.prefetch_related("business_hours", "holidays")


@require_GET
@permission_required("review.manage_team", raise_exception=True)
def service_page(request: ReviewerRequest) -> HttpResponse:
    """Show every queue's service level."""
    now = timezone.now()
    rows = []
    for queue in QUEUES.all():
        levels = levels_of(queue)
        today = timezone.localdate(now, levels.calendar.zone)
        coming = next((closed for closed in levels.holidays if closed.day >= today), None)
        open_now = levels.calendar.opening_at(now) is not None
        rows.append({"queue": queue, "levels": levels, "coming": coming, "open_now": open_now})
    return render(request, "review/service.html", {"rows": rows})


@require_http_methods(["GET", "POST"])
@permission_required("review.manage_team", raise_exception=True)
def service_queue(request: ReviewerRequest, slug: str) -> HttpResponse:
    """Show one queue's service level, and change it: its open items are due anew."""
    queue = get_object_or_404(QUEUES, slug=slug)
    if request.method == "GET":
        return _render(request, queue, LevelsForm.showing(levels_of(queue)))
    form = LevelsForm(request.POST)
    if not form.is_valid():
        return _render(request, queue, form)
    return _saved(request, queue, form.levels())


@require_POST
@permission_required("review.manage_team", raise_exception=True)
def service_copy(request: ReviewerRequest, slug: str) -> HttpResponse:
    """Take over another queue's time zone, hours and holidays."""
    queue = get_object_or_404(QUEUES, slug=slug)
    form = CopyForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose a queue to copy from. Nothing was changed.")
        return redirect("service-queue", slug)
    other = form.cleaned_data["queue"]
    return _saved(request, queue, levels_of(queue).with_hours_of(levels_of(other)))


@require_POST
@permission_required("review.manage_team", raise_exception=True)
def service_meaning(request: ReviewerRequest, slug: str) -> HttpResponse:
    """Show what the form as it stands would mean; nothing is saved."""
    form = LevelsForm(request.POST)
    context = {"examples": _examples(form.levels()) if form.is_valid() else [], "form": form}
    return render(request, "review/service_queue.html#meaning", context)


def _saved(request: ReviewerRequest, queue: Queue, levels: Levels) -> HttpResponse:
    moved = set_levels(queue.pk, levels, request.user)
    announce(queue.pk)
    due = "1 open item is" if moved == 1 else f"{moved:,} open items are"
    messages.success(request, f"Saved. {due} due at another time now.")
    return redirect("service-queue", queue.slug)


def _render(request: ReviewerRequest, queue: Queue, form: LevelsForm) -> HttpResponse:
    is_wrong = form.is_bound
    context = {
        "queue": queue,
        "form": form,
        "others": Queue.objects.exclude(pk=queue.pk),
        "examples": [] if is_wrong else _examples(levels_of(queue)),
    }
    return render(request, "review/service_queue.html", context, status=422 if is_wrong else 200)


def _examples(levels: Levels) -> list[str]:
    return examples(levels.calendar, levels.targets, levels.holidays, timezone.now())
