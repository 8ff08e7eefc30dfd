"""A conversation's text in full, for what the item page shows only the beginning of."""

from csp.decorators import csp
from django.http import Http404, HttpResponse
from django.views.decorators.http import require_GET

from review.conversation import whole_text
from review.requests import ReviewerRequest
from review.views.items import item_of

# Not even an origin: whatever a browser took it for, it could do nothing.
NOTHING = {"default-src": ["'none'"], "frame-ancestors": ["'none'"], "sandbox": [True]}


@require_GET
@csp(NOTHING)  # type: ignore[arg-type]  # it knows only plain requests
def conversation_text(
    request: ReviewerRequest, item_id: int, seq: int | None = None
) -> HttpResponse:
    """Show one message, or all of them, as plain text that no browser reads as anything else."""
    item = item_of(request, item_id)
    messages = item.ticket.messages.select_related("body").order_by("seq")
    found = list(messages if seq is None else messages.filter(seq=seq))
    if not found:
        raise Http404
    return HttpResponse("".join(whole_text(found)), content_type="text/plain; charset=utf-8")
