"""What the editor asks for while a reply is written."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from agents.results import RunResult
from review import articles, macros, working
from review.changes import pieces
from review.corrections import Chosen, chosen
from review.errors import ReviewError
from review.forms_editor import WorkingForm
from review.items import draft_text
from review.models import ReviewItem
from review.requests import ReviewerRequest
from review.views.items import compared, item_of, posted_choices, shown, standing

UNREADABLE = "Not saved: open the item again, and copy your text first."
TEXT_ALONE = "The text is saved. What was read off the message is not: a value there is too long."


@require_POST
def diff(request: ReviewerRequest, item_id: int) -> HttpResponse:
    """Show what the text changes in the draft, as it is typed."""
    item = item_of(request, item_id)
    comparison = compared(draft_text(item), shown(request.POST.get("text", "")))
    context = standing(request, item) | {
        "comparison": comparison,
        "pieces": pieces(comparison.segments),
    }
    return render(request, "review/item/_diff.html", context)


@require_POST
@permission_required("review.decide", raise_exception=True)
def save(request: ReviewerRequest, item_id: int) -> HttpResponse:
    """Keep what is written so far; answer in a sentence, 409 when the claim is gone."""
    item = item_of(request, item_id)
    form = WorkingForm(request.POST)
    if not form.is_valid() and {"claim_token", "text"} & form.errors.keys():
        return _said(UNREADABLE, 422)
    try:
        working.save(
            item.pk,
            request.user,
            form.cleaned_data["claim_token"],
            text=form.cleaned_data["text"],
            corrections=form.corrections(),
        )
    except ReviewError as error:
        return _said(str(error), error.status)
    return _said(TEXT_ALONE if form.errors else f"Saved {timezone.localtime():%H:%M}", 200)


@require_GET
def macro_picks(request: ReviewerRequest, item_id: int) -> HttpResponse:
    """Show the macros that fit the item, their slots filled."""
    item = item_of(request, item_id)
    choices = choices_of(request, item)
    query = request.GET.get("q", "")
    found = macros.fitting(request.user, item, choices.category, query=query)[: macros.SHOWN]
    values = macros.slots_of(item, choices.fields)
    context = {
        "item": item,
        "picks": [macros.pick_of(macro, values) for macro in found],
        "query": query,
        "title": "Insert a macro",
        "asked": "Search macros",
        "nothing": "No macro fits. Write one under All macros.",
        "manage": reverse("macros"),
    }
    return render(request, part(request, "picker"), context)


@require_GET
def article_picks(request: ReviewerRequest, item_id: int) -> HttpResponse:
    """Show the articles that a reply to the item can quote."""
    item = item_of(request, item_id)
    query = request.GET.get("q", "")
    context = {
        "item": item,
        "picks": articles.picks(item, choices_of(request, item).category, query=query),
        "query": query,
        "title": "Insert an article",
        "asked": "Search articles",
        "nothing": "No article has these words.",
    }
    return render(request, part(request, "picker"), context)


def choices_of(request: ReviewerRequest, item: ReviewItem) -> Chosen:
    """Return the choices beside the text, as the form shows them."""
    content = item.run.result.content if item.run.result else None
    result = RunResult.from_json(content) if content else None
    return chosen(item, result, posted_choices(request, item, result))


def part(request: ReviewerRequest, name: str) -> str:
    """Return the template: of the part that htmx asks for, or of a page around it."""
    return f"review/item/_{name}.html" if request.htmx else f"review/{name}.html"


def _said(sentence: str, status: int) -> HttpResponse:
    return HttpResponse(sentence, status=status, content_type="text/plain; charset=utf-8")
