"""Saving the inbox's filters as a view, and keeping the views in order."""

from collections.abc import Callable

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from review import saved_views
from review.errors import NamelessView, ReviewError
from review.inbox_filters import Filters
from review.models import SavedView
from review.requests import ReviewerRequest


class ViewForm(forms.Form):
    """A view's name, and whether the team sees it."""

    name = forms.CharField(max_length=60)
    is_shared = forms.BooleanField(required=False)


@require_POST
def save(request: ReviewerRequest) -> HttpResponse:
    """Save the filters under a name and show the view."""
    filters = Filters.from_text(request.POST.get("query", ""))

    def act(name: str, *, is_shared: bool) -> None:
        saved_views.save_view(request.user, name, filters, is_shared=is_shared)

    return _named(request, act, filters)


@require_POST
def change(request: ReviewerRequest, view_id: int) -> HttpResponse:
    """Rename one's own view, share it, or stop sharing it."""
    view = get_object_or_404(SavedView, pk=view_id, owner=request.user)

    def act(name: str, *, is_shared: bool) -> None:
        saved_views.change_view(view, request.user, name, is_shared=is_shared)

    return _named(request, act, Filters.from_text(view.query))


@require_POST
def delete(request: ReviewerRequest, view_id: int) -> HttpResponse:
    """Delete one's own view; what it showed stays on the page."""
    view = get_object_or_404(SavedView, pk=view_id, owner=request.user)
    view.delete()
    messages.info(request, f"The view {view.name} is deleted.")
    return to_inbox(Filters.from_text(view.query))


def to_inbox(filters: Filters) -> HttpResponse:
    """Return the way to the inbox under these filters."""
    query = filters.as_query()
    return redirect(f"{reverse('inbox')}?{query}" if query else reverse("inbox"))


def _named(request: ReviewerRequest, act: Callable[..., None], filters: Filters) -> HttpResponse:
    """Return the way to what a view shows, once it was given its name or it is said why not."""
    form = ViewForm(request.POST)
    try:
        if not form.is_valid():
            raise NamelessView
        act(form.cleaned_data["name"], is_shared=form.cleaned_data["is_shared"])
    except ReviewError as refused:
        messages.error(request, str(refused))
    else:
        messages.info(request, f"The view {form.cleaned_data['name']} is saved.")
    return to_inbox(filters)
