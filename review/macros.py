"""Macros: texts that are written often, with slots that the ticket fills."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

from agents.local_model.errors import MalformedTemplate
from agents.local_model.slots import fill, slot_fields
from review.corrections import Fields
from review.models import Macro, ReviewItem

SHOWN = 30
# What a macro's slots hold in the example beside its text.
EXAMPLE = {"customer_name": "Ada", "order_number": "A-10427", "product": "the grinder"}


@dataclass(frozen=True, kw_only=True)
class Pick:
    """A text that can be put into a reply. about: where it comes from, in a few words."""

    title: str
    about: str
    text: str


def seen_by(user: User) -> QuerySet[Macro]:
    """Return the team's macros and the person's own."""
    return Macro.objects.filter(Q(owner__isnull=True) | Q(owner=user))


def editable_by(user: User) -> QuerySet[Macro]:
    """Return the person's own macros, and the team's for who runs the team."""
    if user.has_perm("review.manage_team"):
        return seen_by(user)
    return Macro.objects.filter(owner=user)


def fitting(user: User, item: ReviewItem, category: str, *, query: str = "") -> QuerySet[Macro]:
    """Return the macros that fit the item, those of its category and the person's own first.

    query: words that all stand in a macro's name or text.
    """
    macros = seen_by(user).filter(
        Q(queue__isnull=True) | Q(queue=item.queue_id), category__in=["", category]
    )
    for word in query.replace("\x00", "").split()[:8]:
        macros = macros.filter(Q(name__icontains=word) | Q(text__icontains=word))
    nearness = Case(
        When(~Q(category=""), then=Value(0)),
        When(Q(owner=user), then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    return macros.select_related("queue").order_by(nearness, "name")


def slots_of(item: ReviewItem, fields: Fields | None) -> Mapping[str, str]:
    """Return what the item's ticket puts into slots."""
    return slot_fields(
        customer_name=item.ticket.customer.name,
        order_numbers=fields.order_numbers if fields else (),
        products=fields.products if fields else (),
    )


def filled(template: str, values: Mapping[str, str]) -> str:
    """Return the text with its slots filled; one that is malformed comes as it stands."""
    try:
        return fill(template, values)
    except MalformedTemplate:
        return template


def pick_of(macro: Macro, values: Mapping[str, str]) -> Pick:
    """Return the macro, filled, to be put into a reply."""
    return Pick(
        title=macro.name,
        about="Yours" if macro.owner_id else "Team",
        text=filled(macro.text, values),
    )
