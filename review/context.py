"""What every page shows around its subject."""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from review.demo import play
from review.models import Delivery, ReviewItem


def chrome(request: HttpRequest) -> dict[str, Any]:
    """Return the navigation's counts and the demo's, worked out only by a page that shows them."""
    user = request.user
    if isinstance(user, AnonymousUser):
        return {}

    def waiting() -> int:
        return ReviewItem.objects.open().visible_to(user).count()

    def unclear() -> int:
        return (
            Delivery.objects.filter(state__in=[Delivery.State.UNKNOWN, Delivery.State.FAILED])
            .visible_to(user)
            .count()
        )

    def undoable() -> list[Delivery]:
        return list(
            Delivery.objects.filter(verdict__reviewer=user, attempts=0, due_at__gt=timezone.now())
            .stoppable()
            .select_related("ticket__customer")
            .order_by("due_at")
        )

    return {
        "waiting_count": SimpleLazyObject(waiting),
        "unclear_count": SimpleLazyObject(unclear),
        "undoable": SimpleLazyObject(undoable),
        "demo": SimpleLazyObject(play.progress),
    }
