"""Deciding on an item, handing it on, and undoing a verdict."""

from collections.abc import Callable
from typing import TypeVar

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import User
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from review import claims, decisions, handing, undoing
from review.errors import ReviewError, UnknownPerson, UnknownQueue
from review.forms import AssignForm, DecisionForm, EscalateForm, RejectForm, SnoozeForm
from review.models import Queue, ReviewItem, Verdict
from review.parts import answers_of, parts_of
from review.requests import ReviewerRequest
from review.seen import acted_on
from review.service.levels import zone_called
from review.views.items import item_of, posted, render_item
from review.wake import announce, notify
from review.working import saved_choices

FormT = TypeVar("FormT", bound=DecisionForm)


def send(request: ReviewerRequest, item_id: int) -> HttpResponse:
    """Countersign: what is proposed, or what the reviewer made of it."""

    def act(item: ReviewItem, form: DecisionForm) -> str:
        parts = parts_of(item, saved_choices(item), request.POST)
        verdicts = decisions.decide(
            item_id,
            request.user,
            form.seen(),
            answers_of(parts, form.cleaned_data["text"]),
            corrections=form.corrections(),
        )
        return "" if verdicts else "Countersigned. It waits for a second person."

    return _carry_out(request, item_id, DecisionForm, act)


def reject(request: ReviewerRequest, item_id: int) -> HttpResponse:
    """Send and do nothing of what is proposed."""

    def act(item: ReviewItem, form: RejectForm) -> str:
        decisions.reject(
            item_id,
            request.user,
            form.seen(),
            reason=form.reason(),
            corrections=form.corrections(),
        )
        return ""

    return _carry_out(request, item_id, RejectForm, act)


def escalate(request: ReviewerRequest, item_id: int) -> HttpResponse:
    """Hand the item to those with more authority."""

    def act(item: ReviewItem, form: EscalateForm) -> str:
        try:
            to = form.target()
        except Queue.DoesNotExist as error:
            raise UnknownQueue from error
        except User.DoesNotExist as error:
            raise UnknownPerson from error
        escalated = handing.escalate(
            item_id,
            request.user,
            form.seen(),
            note=form.cleaned_data["escalate_note"],
            text=form.cleaned_data["text"],
            to=to,
        )
        announce(escalated.queue_id)
        if isinstance(to, User):
            notify([to.pk])
        return f"Escalated to {escalated.assigned_to or escalated.queue.name}."

    return _carry_out(request, item_id, EscalateForm, act)


def assign(request: ReviewerRequest, item_id: int) -> HttpResponse:
    """Keep the item for one person."""

    def act(item: ReviewItem, form: AssignForm) -> str:
        person = form.cleaned_data["assign_to"]
        handing.assign(
            item_id,
            request.user,
            form.seen(),
            person,
            note=form.cleaned_data["assign_note"],
            text=form.cleaned_data["text"],
        )
        notify([person.pk])
        return f"Handed to {person.get_full_name() or person.get_username()}."

    return _carry_out(request, item_id, AssignForm, act)


def snooze(request: ReviewerRequest, item_id: int) -> HttpResponse:
    """Put the item off until later."""

    def act(item: ReviewItem, form: SnoozeForm) -> str:
        zone = zone_called(item.queue.time_zone)
        until = form.moment(zone, timezone.now())
        handing.snooze(item_id, request.user, form.seen(), until, text=form.cleaned_data["text"])
        return f"Snoozed until {until.astimezone(zone):%a %-d %b, %H:%M}."

    return _carry_out(request, item_id, SnoozeForm, act)


@posted
@permission_required("review.decide", raise_exception=True)
def wake(request: ReviewerRequest, item_id: int) -> HttpResponse:
    """Bring a snoozed item back now."""
    item = item_of(request, item_id)
    try:
        handing.wake(item.pk, request.user)
    except ReviewError as error:
        return render_item(request, item, error=error)
    announce(item.queue_id)
    return redirect("item", item.pk)


@require_POST
@permission_required("review.decide", raise_exception=True)
def undo(request: ReviewerRequest, verdict_id: int) -> HttpResponse:
    """Take a verdict back before anything has come of it, and open its item again."""
    verdict = get_object_or_404(Verdict, pk=verdict_id, reviewer=request.user)
    try:
        item = undoing.undo(verdict.pk, request.user)
    except ReviewError as error:
        messages.error(request, str(error))
        return redirect("item", verdict.item_id)
    announce(item.queue_id)
    messages.success(request, "Undone. Nothing was sent or done; the item is yours again.")
    return redirect("item", item.pk)


@posted
@permission_required("review.decide", raise_exception=True)
def _carry_out(
    request: ReviewerRequest,
    item_id: int,
    form_class: type[FormT],
    act: Callable[[ReviewItem, FormT], str],
) -> HttpResponse:
    """Carry out an action; what stands against it is said on the page, what was typed kept.

    act: returns what the next page should say of it, "" for nothing.
    """
    item = acted_on(item_id, request.user)
    if item is None:
        raise Http404
    form = form_class(request.POST)
    text = request.POST.get("text", "")
    if (wrong := form.blocking_error()) is not None:
        return render_item(request, item_of(request, item_id), text=text, error=wrong)
    try:
        said = act(item, form)
    except ReviewError as error:
        return render_item(request, item_of(request, item_id), text=text, error=error)
    announce(item.queue_id)
    if form.errors:
        messages.warning(request, "What you put right in the message was too long to keep.")
    if said:
        messages.success(request, said)
    return _onward(request, item)


def _onward(request: ReviewerRequest, item: ReviewItem) -> HttpResponse:
    """Lead on as the form asks: to the next item, back to this one, or to the inbox."""
    match request.POST.get("then"):
        case "next":
            # An undo leaves the item that came after it held.
            following, was_held = claims.held_or_next(request.user, but=item.pk)
            if following is not None:
                if not was_held:
                    announce(following.queue_id)
                return redirect("item", following.pk)
            messages.info(request, "That was the last one. Nothing is waiting for you right now.")
        case "stay":
            return redirect("item", item.pk)
    return redirect("inbox")
