"""Saying why a reply was edited, once it is on its way."""

from django.contrib.auth.decorators import permission_required
from django.db.models import F
from django.http import HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from review import corrections
from review.corrections import EditReason
from review.models import ReviewItem, Verdict
from review.requests import ReviewerRequest


@require_POST
@permission_required("review.decide", raise_exception=True)
def say_why(request: ReviewerRequest, verdict_id: int) -> HttpResponse:
    """Keep why the person edited what they sent, and let them go on where they are."""
    edited = Verdict.objects.filter(
        edit_operations__gt=0,
        reviewer=request.user,
        revision=F("item__revision"),  # one that was undone says nothing any more
        item__status=ReviewItem.Status.DECIDED,
    )
    verdict = get_object_or_404(edited.select_related("item__run__agent"), pk=verdict_id)
    reason = request.POST.get("reason", "")
    if reason not in EditReason.values:
        return HttpResponseBadRequest("Choose one of the reasons.")
    corrections.say_why(verdict, request.user, EditReason(reason))
    if request.htmx:
        said = f"Edited because: {EditReason(reason).label}."
        return HttpResponse(said, content_type="text/plain; charset=utf-8")
    back = request.POST.get("back", "")
    safe = back.startswith("/") and url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    return redirect(back if safe else "inbox")
