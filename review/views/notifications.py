"""What a person should know, and opening it."""

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from review import notifications
from review.requests import ReviewerRequest


@require_GET
def notifications_page(request: ReviewerRequest) -> HttpResponse:
    """Show the person's newest notifications."""
    return render(
        request, "review/notifications.html", {"listed": notifications.newest(request.user)}
    )


@require_GET
def bell(request: ReviewerRequest) -> HttpResponse:
    """Show only how many are new."""
    return render(request, "review/_bell.html")


@require_GET
def notification(request: ReviewerRequest, notification_id: int) -> HttpResponse:
    """Open the item of a notification, which is read with that. Opened again, it is the same."""
    found = notifications.read(request.user, notification_id)
    if found is None:
        raise Http404
    return redirect("item", found.item_id)


@require_POST
def read_all(request: ReviewerRequest) -> HttpResponse:
    """Take all of them as read."""
    notifications.read_all(request.user)
    return redirect("notifications")
