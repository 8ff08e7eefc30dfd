"""Deciding on an item, handing it on, and undoing a verdict."""

from collections.abc import Callable, Sequence
from typing import TypeAlias, TypeVar

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import User
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from review import claims, decisions, handing, undoing
from review.actions import Answer
from review.errors import ReviewError, UnknownPerson, UnknownQueue
from review.forms import AssignForm, DecisionForm, EscalateForm, RejectForm, SnoozeForm
from review.models import Queue, ReviewItem, Verdict
from review.parts import answers_of, parts_of
from review.requests import ReviewerRequest
from review.service.levels import zone_called
from review.views.items import item_of, posted, render_item
from review.wake import announce, notify
from review.working import saved_choices

FormT = TypeVar("FormT", bound=DecisionForm)
Done: TypeAlias = tuple[ReviewItem, str]


def send(request: ReviewerRequest, item_id: int) -> HttpResponse:
    """Countersign: what is proposed, or what the reviewer made of it."""

    def act(form: DecisionForm) -> Done:
        def answers(item: ReviewItem) -> Sequence[Answer]:
            parts = parts_of(item, saved_choices(item), request.POST)
            return answers_of(parts, form.cleaned_data["text"])

        item, verdicts = decisions.decide_on(
            item_id, request.user, form.seen(), answers, corrections=form.corrections()
        )
        return item, "" if verdicts else "Countersigned. It waits for a second person."

    return _carry_out(request, item_id, DecisionForm, act)


def reject(request: ReviewerRequest, item_id: int) -> HttpResponse:
    """Send and do nothing of what is proposed."""

    def act(form: RejectForm) -> Done:
        verdict = decisions.reject(
            item_id,
            request.user,
            form.seen(),
            reason=form.reason(),
            corrections=form.corrections(),
        )
        return verdict.item, ""

    return _carry_out(request, item_id, RejectForm, act)


def escalate(request: ReviewerRequest, item_id: int) -> HttpResponse:
    """Hand the item to those with more authority."""

    def act(form: EscalateForm) -> Done:
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
        return escalated, f"Escalated to {escalated.assigned_to or escalated.queue.name}."

    return _carry_out(request, item_id, EscalateForm, act)


def assign(request: ReviewerRequest, item_id: int) -> HttpResponse:
    """Keep the item for one person."""

    def act(form: AssignForm) -> Done:
        person = form.cleaned_data["assign_to"]
        assigned = handing.assign(
            item_id,
            request.user,
            form.seen(),
            person,
            note=form.cleaned_data["assign_note"],
            text=form.cleaned_data["text"],
        )
        notify([person.pk])
        return assigned, f"Handed to {person.get_full_name() or person.get_username()}."

    return _carry_out(request, item_id, AssignForm, act)


def snooze(request: ReviewerRequest, item_id: int) -> HttpResponse:
    """Put the item off until later."""

    def act(form: SnoozeForm) -> Done:
        item = item_of(request, item_id)
        zone = zone_called(item.queue.time_zone)
        until = form.moment(zone, timezone.now())
        handing.snooze(item_id, request.user, form.seen(), until, text=form.cleaned_data["text"])
        return item, f"Snoozed until {until.astimezone(zone):%a %-d %b, %H:%M}."

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
    act: Callable[[FormT], Done],
) -> HttpResponse:
    """Carry out an action; what stands against it is said on the page, what was typed kept.

    act: returns the item and what the next page should say of it, "" for nothing.
    """
    form = form_class(request.POST)
    text = request.POST.get("text", "")
    if (wrong := form.blocking_error()) is not None:
        return render_item(request, item_of(request, item_id), text=text, error=wrong)
    try:
        item, said = act(form)
    except ReviewItem.DoesNotExist as error:
        raise Http404 from error
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
