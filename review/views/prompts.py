"""Prompts: which text is in force where, changing it, and the second person for live."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from agents import prompt_check
from agents.models import Agent, Promotion, PromptVersion
from agents.models.versions import LIVE
from observability.storable import storable
from review import prompt_changes, prompt_pages
from review.errors import ReviewError, UnfitPrompt, UnsurePrompt
from review.posted import whole_number
from review.prompt_pages import PromptPage
from review.requests import ReviewerRequest

# What is done to a version: the word in the address, and the address's name.
DEEDS = {
    "stage": "prompt-stage",
    "unstage": "prompt-unstage",
    "ask": "prompt-ask",
    "file": "prompt-file",
}


@require_GET
@permission_required("review.view_every_queue", raise_exception=True)
def prompts_page(request: ReviewerRequest) -> HttpResponse:
    """Show every prompt, which version is in force, and what waits for a second person."""
    now = timezone.now()
    rows = prompt_pages.prompt_rows(request.user, now)
    context = {
        "rows": rows,
        "asked": [row for row in rows if row.request],
        "edited": [row for row in rows if row.live.row],
        "now": now,
    }
    return render(request, "review/prompts.html", context)


@require_http_methods(["GET", "POST"])
@permission_required("review.view_every_queue", raise_exception=True)
def prompt_page(request: ReviewerRequest, slug: str, task: str) -> HttpResponse:
    """Show one prompt; a post previews its text or saves it as the draft."""
    page = _page(request, slug, task)
    if request.method == "GET":
        return _render(request, page)
    _require(request, "review.configure")
    typed = {name: request.POST.get(name, "") for name in ("text", "note", "based_on")}
    typed["text"] = prompt_changes.one_form(typed["text"])
    if "preview" in request.POST:
        return _preview(request, page, typed)
    try:
        prompt_changes.save_draft(
            page.agent,
            task,
            typed["text"],
            note=typed["note"],
            by=request.user,
            based_on=whole_number(typed["based_on"]),
            is_sure="is_sure" in request.POST,
        )
    except ReviewError as error:
        return _refused(request, _page(request, slug, task), error, typed)
    messages.success(request, "Saved as the draft. Nothing that runs has changed.")
    return redirect("prompt", slug, task)


@require_http_methods(["GET", "POST"])
@permission_required("review.configure", raise_exception=True)
def act(request: ReviewerRequest, slug: str, task: str, deed: str) -> HttpResponse:
    """Put the draft on staging, take it off, ask for live, or go back to the release's file."""
    if request.method == "GET":
        return redirect("prompt", slug, task)  # the address of an answer that was reloaded
    version = get_object_or_404(
        PromptVersion.objects.select_related("agent"),
        pk=whole_number(request.POST.get("version", "")) or 0,
        agent__slug=slug,
        task=task,
    )
    note = request.POST.get("note", "")
    try:
        said = _done(deed, version, note, request)
    except ReviewError as error:
        return _refused(request, _page(request, slug, task), error, {f"{deed}_note": note})
    messages.success(request, said)
    return redirect("prompt", slug, task)


@require_http_methods(["GET", "POST"])
@permission_required("review.approve_change", raise_exception=True)
def answer(request: ReviewerRequest, promotion_id: int) -> HttpResponse:
    """Put a requested text live as its second person, or refuse it with a word."""
    version = _asked_for(promotion_id)
    if request.method == "GET":
        return redirect("prompt", version.agent.slug, version.task)
    said, by = request.POST.get("said", ""), request.user
    try:
        if request.POST.get("answer") == "refuse":
            prompt_changes.refuse(promotion_id, by=by, said=said)
            messages.success(request, "Refused. The text stays on staging.")
        else:
            seen = request.POST.get("seen_live", "")
            prompt_changes.approve(promotion_id, by=by, said=said, seen_live=seen)
            messages.success(request, "Live from the next run on.")
    except ReviewError as error:
        page = _page(request, version.agent.slug, version.task)
        return _refused(request, page, error, {"said": said})
    return redirect("prompt", version.agent.slug, version.task)


@require_POST
@permission_required("review.view_every_queue", raise_exception=True)
def take_back(request: ReviewerRequest, promotion_id: int) -> HttpResponse:
    """Take a request back: whoever asked may, and who may change prompts."""
    version = _asked_for(promotion_id)
    promotion = get_object_or_404(Promotion, pk=promotion_id)
    if promotion.asked_by_id != request.user.pk:
        _require(request, "review.configure")
    try:
        prompt_changes.take_back(promotion_id, by=request.user)
        messages.success(request, "Taken back. The text stays on staging.")
    except ReviewError as error:
        messages.error(request, str(error))
    return redirect("prompt", version.agent.slug, version.task)


@require_POST
@permission_required("review.configure", raise_exception=True)
def put_back(request: ReviewerRequest, version_id: int) -> HttpResponse:
    """Put an earlier live version in force again."""
    version = get_object_or_404(
        PromptVersion.objects.select_related("agent"), pk=version_id, environment=LIVE
    )
    try:
        prompt_changes.put_back(version, by=request.user)
        messages.success(request, f"Back to version {version.version} from the next run on.")
    except ReviewError as error:
        messages.error(request, str(error))
    return redirect("prompt", version.agent.slug, version.task)


def _done(deed: str, version: PromptVersion, note: str, request: ReviewerRequest) -> str:
    """Do it and return what a toast says. Raises ReviewError."""
    by = request.user
    if deed == "stage":
        prompt_changes.stage(version, note=note, by=by)
        return "On staging. Customers see nothing of it."
    if deed == "unstage":
        prompt_changes.unstage(version, by=by)
        return "Taken off staging."
    if deed == "ask":
        prompt_changes.ask_for_live(version, note=note, by=by)
        return "Asked. Another person puts it live."
    prompt_changes.use_file(version, by=by)
    return "The file that came with the release counts from the next run on."


def _preview(request: ReviewerRequest, page: PromptPage, typed: Mapping[str, str]) -> HttpResponse:
    if found := prompt_changes.faults_of(page.agent.slug, page.task, typed["text"]):
        return _render(request, page, typed=typed, problems=found, status=422)
    preview = prompt_pages.rendered(page.agent, page.task, typed["text"])
    return _render(request, page, typed=typed, preview=preview)


def _refused(
    request: ReviewerRequest, page: PromptPage, error: ReviewError, typed: Mapping[str, str]
) -> HttpResponse:
    """Show the page with what stands against it, and what was typed."""
    problems, doubts = [str(error)], list[str]()
    if isinstance(error, UnfitPrompt) and "text" in typed:
        problems = prompt_changes.faults_of(page.agent.slug, page.task, typed["text"])
    if isinstance(error, UnsurePrompt):
        problems, doubts = [], prompt_check.doubts(typed["text"])
    return _render(
        request, page, typed=typed, problems=problems, doubts=doubts, status=error.status
    )


def _render(
    request: ReviewerRequest,
    page: PromptPage,
    *,
    typed: Mapping[str, str] | None = None,
    status: int = 200,
    **said: Any,
) -> HttpResponse:
    now, typed = timezone.now(), typed or {}
    start = page.texts.get(request.GET.get("from", ""))
    kept = page.draft.text if page.draft else page.live.prompt.text
    used = storable(request.GET.get("used", page.live.prompt.short))
    newest = str(page.versions[0].row.pk) if page.versions else ""
    one, other = request.GET.get("a", prompt_pages.FILE), request.GET.get("b", newest)
    is_compared = "a" in request.GET and one in page.texts and other in page.texts
    live = page.live.prompt.text
    context = {
        "page": page,
        "typed": typed,
        "text": typed.get("text") or start or kept,
        "is_open": bool(typed.get("text")) or start is not None,
        "staged_diff": prompt_pages.comparison(live, page.staging.text)
        if page.differs_on_staging and page.staging
        else None,
        "draft_diff": prompt_pages.comparison(live, page.draft.text)
        if page.draft_is_new and page.draft
        else None,
        "compared": prompt_pages.comparison(page.texts[one], page.texts[other])
        if is_compared
        else None,
        "a": one,
        "b": other,
        "used": used,
        "calls": prompt_pages.calls_of(f"{page.agent.slug}/{page.task}@{used}"),
        "now": now,
        **said,
    }
    return render(request, "review/prompt.html", context, status=status)


def _page(request: ReviewerRequest, slug: str, task: str) -> PromptPage:
    agent = get_object_or_404(Agent, slug=slug)
    page = prompt_pages.prompt_page(agent, task, request.user, timezone.now())
    if page is None:
        raise Http404
    return page


def _asked_for(promotion_id: int) -> PromptVersion:
    promotion = get_object_or_404(Promotion, pk=promotion_id)
    named = promotion.versions
    if len(named) != 1 or named[0][0] != prompt_changes.PROMPT:
        raise Http404
    return get_object_or_404(PromptVersion.objects.select_related("agent"), pk=named[0][1])


def _require(request: ReviewerRequest, permission: str) -> None:
    if not request.user.has_perm(permission):
        raise PermissionDenied
