"""Who may do what."""

from collections.abc import Collection

from django.contrib.auth.models import User
from django.db.models import Count, Q, QuerySet

BACKEND = "django.contrib.auth.backends.ModelBackend"


def who_may(permission: str) -> QuerySet[User]:
    """Return who has this permission of `review`: by a group, in person, or as superuser."""
    return User.objects.with_perm(f"review.{permission}", backend=BACKEND)


def who_may_take(queue_ids: Collection[int]) -> QuerySet[User]:
    """Return who may be given items of all these queues, by name: they may decide, and see them."""
    members = User.objects.filter(queues__in=queue_ids).annotate(theirs=Count("queues"))
    of_all = members.filter(theirs=len(queue_ids))
    sees = Q(pk__in=who_may("view_every_queue").values("pk")) | Q(pk__in=of_all.values("pk"))
    return who_may("decide").filter(sees).order_by("first_name", "last_name", "username")
