"""Macros: writing them, and seeing what a slot becomes."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from agents.models import Category
from review import macros
from review.forms_macros import MacroForm, problem_with
from review.requests import ReviewerRequest


@require_http_methods(["GET", "POST"])
@permission_required("review.decide", raise_exception=True)
def macros_page(request: ReviewerRequest) -> HttpResponse:
    """Show the team's macros and one's own, with a form for a new one."""
    form = MacroForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        macro = form.save()
        messages.success(request, f"“{macro.name}” is saved.")
        return redirect("macros")
    return _render(request, form)


@require_http_methods(["GET", "POST"])
@permission_required("review.decide", raise_exception=True)
def macro_page(request: ReviewerRequest, macro_id: int) -> HttpResponse:
    """Show one macro for changing."""
    macro = get_object_or_404(macros.editable_by(request.user), pk=macro_id)
    form = MacroForm(request.POST or None, user=request.user, instance=macro)
    if request.method == "POST" and form.is_valid():
        messages.success(request, f"“{form.save().name}” is saved.")
        return redirect("macros")
    return _render(request, form)


@require_POST
@permission_required("review.decide", raise_exception=True)
def delete(request: ReviewerRequest, macro_id: int) -> HttpResponse:
    """Take a macro away."""
    macro = get_object_or_404(macros.editable_by(request.user), pk=macro_id)
    macro.delete()
    messages.success(request, f"“{macro.name}” is deleted.")
    return redirect("macros")


@require_GET
@permission_required("review.decide", raise_exception=True)
def example(request: ReviewerRequest) -> HttpResponse:
    """Show a macro's text as it would be inserted, or what is wrong with it, while it is typed."""
    return render(request, "review/macros.html#example", _example(request.GET.get("text", "")))


def _example(text: str) -> dict[str, object]:
    return {
        "example_problem": problem_with(text) if text.strip() else "",
        "example_known": macros.filled(text, macros.EXAMPLE),
        "example_unknown": macros.filled(text, {}),
    }


def _render(request: ReviewerRequest, form: MacroForm) -> HttpResponse:
    found = macros.seen_by(request.user).select_related("queue", "owner")
    context = {
        "form": form,
        "writing": form.is_bound or form.instance.pk is not None or "new" in request.GET,
        "macros": found,
        "names": dict(Category.objects.values_list("slug", "name")),
        "editable": set(macros.editable_by(request.user).values_list("pk", flat=True)),
        **_example(str(form["text"].value() or "")),
    }
    return render(request, "review/macros.html", context, status=422 if form.errors else 200)
