"""Who may read an item: more people than may act on it."""

from django.contrib.auth.models import User
from django.db.models import CharField, Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat

from review.models import Assessment, AuditEntry, ReviewItem

HANDED_ON = ("item.escalated", "item.assigned")


def readable_by(user: User) -> QuerySet[ReviewItem]:
    """Return the items the person sees, and those they decided or handed on, `may_act` on which
    is false. For one item at a time: it is too slow for lists."""
    handed_on = AuditEntry.objects.filter(
        subject=Concat(Value("reviewitem:"), Cast(OuterRef("pk"), CharField())),
        actor=user.pk,
        action__in=HANDED_ON,
    )
    reviewed = Assessment.objects.filter(item=OuterRef("pk"), reviewer=user.pk)
    seen = ReviewItem.objects.visible_to(user).filter(pk=OuterRef("pk"))
    return ReviewItem.objects.annotate(may_act=Exists(seen)).filter(
        Q(may_act=True) | Exists(reviewed) | Exists(handed_on)
    )
