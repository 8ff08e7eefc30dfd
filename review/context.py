"""What every page shows around its subject."""

from functools import partial
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from review import agent_status, corrections, notifications, undoing
from review.demo import play
from review.inbox_counts import Count, open_count
from review.models import Delivery
from review.sections import sections
from review.waiving import waivers_in_force


def chrome(request: HttpRequest) -> dict[str, Any]:
    """Return the navigation's counts and the demo's, worked out only by a page that shows them."""
    user = request.user
    if isinstance(user, AnonymousUser):
        return {}

    def waiting() -> Count:
        return open_count(user)

    def unclear() -> int:
        return (
            Delivery.objects.filter(state__in=[Delivery.State.UNKNOWN, Delivery.State.FAILED])
            .visible_to(user)
            .count()
        )

    return {
        "waiting_count": SimpleLazyObject(waiting),
        "unclear_count": SimpleLazyObject(unclear),
        "undoable": SimpleLazyObject(lambda: undoing.undoable(user, timezone.now())),
        "unread_count": SimpleLazyObject(lambda: notifications.unread_count(user)),
        "edit_reasons": list(enumerate(corrections.EditReason, start=1)),
        "agent_sections": partial(sections, request.path),
        "agent_news": SimpleLazyObject(lambda: agent_status.news(user)),
        "waivers_in_force": SimpleLazyObject(lambda: waivers_in_force(timezone.now())),
        "demo_coming": play.coming,
        "demo": SimpleLazyObject(play.progress),
    }
