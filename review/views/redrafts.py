"""Asking for another draft, and seeing those there are."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from review import redrafting
from review.errors import ClaimLost, ReviewError
from review.forms_editor import WorkingForm
from review.items import draft_text, working_draft
from review.models import ReviewItem
from review.requests import ReviewerRequest
from review.views.editor import choices_of, part
from review.views.items import item_of, standing
from review.wake import wake_run


@require_http_methods(["GET", "POST"])
@permission_required("review.decide", raise_exception=True)
def redrafts(request: ReviewerRequest, item_id: int) -> HttpResponse:
    """Show other drafts of the item; POST asks for one."""
    item = item_of(request, item_id)
    problem = _ask(request, item) if request.method == "POST" else None
    found = redrafting.redrafts_of(item)
    can_instruct = redrafting.has_writing_model()
    choices = choices_of(request, item)
    context = standing(request, item) | {
        "draft": draft_text(item),
        "redrafts": found,
        "pending": any(redraft.is_pending for redraft in found),
        "can_instruct": can_instruct,
        "picks": [] if can_instruct else redrafting.alternatives(item, request.user, choices),
        "quick": redrafting.QUICK,
        "problem": problem,
        "instruction": request.POST.get("instruction", "") if problem else "",
    }
    # htmx leaves out what comes with an error's status, and the sentence stands in the part.
    status = 200 if request.htmx or problem is None else problem.status
    return render(request, part(request, "redrafts"), context, status=status)


def _ask(request: ReviewerRequest, item: ReviewItem) -> ReviewError | None:
    """Ask for a redraft; return what stands against it."""
    form = WorkingForm({"text": working_draft(item)} | request.POST.dict())
    quick = redrafting.QUICK.get(request.POST.get("quick", ""))
    if not form.is_valid() and "claim_token" in form.errors:
        return ClaimLost()
    try:
        asked = redrafting.ask(
            item.pk,
            request.user,
            form.cleaned_data["claim_token"],
            instruction=quick[1] if quick else request.POST.get("instruction", ""),
            text=form.cleaned_data.get("text", ""),
            chosen=choices_of(request, item),
        )
    except ReviewError as error:
        return error
    wake_run(asked.run_id)
    return None
