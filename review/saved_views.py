"""Filters of the inbox under a name: one's own, and those a lead shares with the team."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.contrib.postgres.expressions import ArraySubquery
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.db.models.functions import JSONObject, Lower

from review.errors import TooManyViews, ViewNameTaken, ViewTooLong
from review.inbox_filters import Filters
from review.models import Preferences, SavedView

MOST_OWN = 20
MOST_SHOWN = 40
LONGEST_QUERY = 500


@dataclass(frozen=True, kw_only=True)
class View:
    """A saved view as a person sees it. owner: the name of whose it is, "" for their own."""

    pk: int
    name: str
    query: str
    is_shared: bool
    owner: str


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """What a person keeps for the inbox: its density, and the views they see."""

    density: str
    views: Sequence[View]

    def showing(self, filters: Filters) -> View | None:
        """Return the view that these filters are, if one is."""
        query = filters.as_query()
        return next((view for view in self.views if query and view.query == query), None)


def shelf_of(user: User) -> Shelf:
    """Return the person's density and views, their own first, each by name; in one query."""
    seen = SavedView.objects.filter(Q(owner=user) | Q(is_shared=True))
    rows = seen.order_by(Lower("name"), "pk")[:MOST_SHOWN].values(
        json=JSONObject(
            pk="pk",
            name="name",
            query="query",
            is_shared="is_shared",
            owner_id="owner_id",
            first="owner__first_name",
            last="owner__last_name",
            username="owner__username",
        )
    )
    kept = (
        User.objects.filter(pk=user.pk)
        .annotate(views=ArraySubquery(rows), density=F("preferences__density"))
        .values("views", "density")
        .get()
    )
    views = [_view(row, user) for row in kept["views"]]
    return Shelf(
        density=kept["density"] or Preferences.Density.COMFORTABLE,
        views=sorted(views, key=lambda view: bool(view.owner)),
    )


def save_view(user: User, name: str, filters: Filters, *, is_shared: bool = False) -> SavedView:
    """Return the view of these filters; one of the person's own by this name takes them on.

    Only who may manage the team shares. Raises ViewTooLong and TooManyViews.
    """
    query = filters.as_query()
    if len(query) > LONGEST_QUERY:
        raise ViewTooLong
    own = SavedView.objects.filter(owner=user)
    if not own.filter(name=name).exists() and own.count() >= MOST_OWN:
        raise TooManyViews
    shared = is_shared and user.has_perm("review.manage_team")
    view, _ = SavedView.objects.update_or_create(
        owner=user, name=name, defaults={"query": query, "is_shared": shared}
    )
    return view


def change_view(view: SavedView, user: User, name: str, *, is_shared: bool) -> None:
    """Give one's own view another name, share it or stop sharing it. Raises ViewNameTaken."""
    view.name = name
    view.is_shared = is_shared and user.has_perm("review.manage_team")
    try:
        with transaction.atomic():
            view.save(update_fields=["name", "is_shared"])
    except IntegrityError as taken:
        raise ViewNameTaken from taken


def _view(row: dict[str, str], user: User) -> View:
    owner = f"{row['first']} {row['last']}".strip() or row["username"]
    return View(
        pk=int(row["pk"]),
        name=row["name"],
        query=row["query"],
        is_shared=bool(row["is_shared"]),
        owner="" if int(row["owner_id"]) == user.pk else owner,
    )
