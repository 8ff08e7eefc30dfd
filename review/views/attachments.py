"""Files: opened safely by those who see their ticket, and attached to a reply."""

from collections.abc import Callable

from csp.decorators import csp
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET

from review import attachments
from review.attachments import NewFile
from review.errors import FileTooLarge, IncompleteForm, ReviewError
from review.forms import SeenForm
from review.models import ReviewItem
from review.requests import ReviewerRequest
from review.views.conversation import NOTHING
from review.views.items import item_of, posted, render_item


@require_GET
@csp(NOTHING)  # type: ignore[arg-type]  # it knows only plain requests
def download(request: ReviewerRequest, attachment_id: int) -> HttpResponse:
    """Hand out a file's bytes to be saved; no browser takes them for a page of ours."""
    files = attachments.seen_with(ReviewItem.objects.visible_to(request.user))
    file = get_object_or_404(files.select_related("content"), pk=attachment_id)
    if file.content.data is None:
        return HttpResponse("This file has been erased.", "text/plain; charset=utf-8", 410)
    response = HttpResponse(bytes(file.content.data), content_type=attachments.OCTETS)
    response["Content-Disposition"] = content_disposition_header(True, file.name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, no-store"
    return response


@posted
@permission_required("review.decide", raise_exception=True)
def add(request: ReviewerRequest, item_id: int) -> HttpResponse:
    """Lay files ready for the reply."""

    def act(form: SeenForm) -> None:
        chosen = request.FILES.getlist("files")
        if not chosen:
            raise IncompleteForm("Choose a file first.")
        if any((file.size or 0) > attachments.LARGEST_FILE for file in chosen):
            raise FileTooLarge
        files = [
            NewFile(name=file.name or "", data=file.read(), content_type=file.content_type or "")
            for file in chosen
        ]
        attachments.lay_ready(item_id, request.user, form.seen().claim_token, files)

    return _change(request, item_id, act)


@posted
@permission_required("review.decide", raise_exception=True)
def remove(request: ReviewerRequest, item_id: int, attachment_id: int) -> HttpResponse:
    """Take a file away from the reply."""

    def act(form: SeenForm) -> None:
        token = form.seen().claim_token
        attachments.take_away(item_id, request.user, token, attachment_id)

    return _change(request, item_id, act)


def _change(
    request: ReviewerRequest, item_id: int, act: Callable[[SeenForm], None]
) -> HttpResponse:
    """Carry it out and show the files as they are now; what stands against it is said there."""
    item = item_of(request, item_id)
    form = SeenForm(request.POST)
    error: ReviewError | None = None
    try:
        if not form.is_valid():
            raise IncompleteForm("Claim the item first.")
        act(form)
    except ReviewError as problem:
        error = problem
    if request.htmx:
        files = list(attachments.laid_ready(item))
        context = {"item": item, "files": files, "is_mine": True, "file_error": error}
        return render(request, "review/item/_attachments.html", context)
    if error or "text" in request.POST:
        return render_item(request, item, text=request.POST.get("text"), error=error)
    return redirect("item", item.pk)
