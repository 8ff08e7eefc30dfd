"""How a tier and the routes came to be as they are, and any two of their versions compared."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from agents.models import RouteVersion, TierVersion
from review.tiers.changing import Changed, differing, in_words
from review.tiers.staged import environments
from review.tiers.words import Difference

SHOWN = 100
ROUTES = "routes"


@dataclass(frozen=True, kw_only=True)
class Past:
    """A version as the history shows it. changes: against the one before it there."""

    version: Changed
    changes: Sequence[Difference]
    is_first: bool


@dataclass(frozen=True, kw_only=True)
class Compared:
    """Two versions field by field. fields: every one, with what each of the two says."""

    before: Changed
    after: Changed
    fields: Sequence[Difference]

    @property
    def before_name(self) -> str:
        """What the earlier one is called."""
        return _name(self.before)

    @property
    def after_name(self) -> str:
        """What the later one is called."""
        return _name(self.after)

    @property
    def differing(self) -> int:
        """In how many fields they differ."""
        return sum(one.before != one.after for one in self.fields)


def history_of(what: str) -> list[Past]:
    """Return the versions of a tier, by its number, or of the routes, newest first."""
    newest: list[Changed] = list(
        _versions(what)
        .select_related("created_by", "approved_by", "came_from")
        .order_by("-created_at", "-pk")[:SHOWN]
    )
    shown = []
    for place, version in enumerate(newest):
        earlier = (one for one in newest[place + 1 :] if one.environment == version.environment)
        before = next(earlier, None)
        shown.append(
            Past(
                version=version,
                changes=differing(before, version) if before else [],
                is_first=before is None,
            )
        )
    return shown


def compared(past: Sequence[Past], picked: Collection[int]) -> Compared | None:
    """Return the two picked versions side by side, the earlier first; None unless it is two."""
    found = [one.version for one in past if one.version.pk in picked]
    if len(found) != 2:
        return None
    later, earlier = found
    said, was = in_words(later), in_words(earlier)
    if isinstance(later, TierVersion) and isinstance(earlier, TierVersion):
        said["Look again by"] = later.look_again_on.isoformat()
        was["Look again by"] = earlier.look_again_on.isoformat()
    fields = [
        Difference(name=name, before=was.get(name, "–"), after=said.get(name, "–"))
        for name in {**said, **was}
    ]
    return Compared(before=earlier, after=later, fields=fields)


def _versions(what: str) -> QuerySet[TierVersion] | QuerySet[RouteVersion]:
    if what == ROUTES:
        return RouteVersion.objects.filter(environment__in=environments())
    return TierVersion.objects.filter(environment__in=environments(), tier=int(what))


def _name(version: Changed) -> str:
    return f"{version.environment.capitalize()} v{version.version}"
