"""What the editor asks for while a reply is written."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from review import decisions
from review.edits import compare
from review.items import draft_text
from review.requests import ReviewerRequest
from review.views.items import item_of


@require_POST
def diff(request: ReviewerRequest, item_id: int) -> HttpResponse:
    """Show what the text changes in the draft, as it is typed."""
    item = item_of(request, item_id)
    text = request.POST.get("text", "")[: decisions.LONGEST_REPLY]
    comparison = compare(draft_text(item), text)
    return render(request, "review/item/_diff.html", {"comparison": comparison, "item": item})
