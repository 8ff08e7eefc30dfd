"""Changing tiers and routes: tried first, then put in force and on record together."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

from agents import connections, promoting, versions
from agents.connections import Connection
from agents.errors import CannotConnect
from agents.models import RouteVersion, TierVersion
from agents.promoting import CannotPromote
from agents.tiers import routes_of, tier_in_force
from review import audit
from review.tiers.trying import try_mix, try_routes, try_version, untried
from review.tiers.words import Difference, differences, route_facts, tier_facts

Changed = TierVersion | RouteVersion
VersionT = TypeVar("VersionT", bound=Changed)


@dataclass(frozen=True, kw_only=True)
class TierSettings:
    """What a tier is to be. chain: its models in the order they are asked, keys with them."""

    chain: Sequence[Connection]
    temperature: float
    max_tokens: int
    timeout_s: int
    retries: int
    max_concurrent: int | None
    budget_run_usd: Decimal | None
    budget_day_usd: Decimal | None
    look_again_on: date

    @property
    def content(self) -> dict[str, Any]:
        """What a version of it says."""
        first, *others = self.chain
        return {
            "model": first.model,
            "fallbacks": [one.model for one in others],
            "endpoints": {one.model: one.endpoint for one in self.chain if one.endpoint},
            **{name: getattr(self, name) for name in (*TierVersion.CONTENT[3:], "look_again_on")},
        }


def change_tier(
    tier: int,
    environment: str,
    wanted: TierSettings,
    *,
    based_on: int,
    reason: str,
    by: User,
) -> TierVersion:
    """Return the tier's new version in the environment, once its changed models have answered.

    based_on: the version whose settings were looked at. Raises CannotConnect, with nothing changed.
    """
    before = tier_in_force(tier, environment)
    after = TierVersion(environment=environment, tier=tier, reason=reason, **wanted.content)
    connections.check_settings(after)
    connections.try_settings(after, untried(before, after, wanted.chain))
    with transaction.atomic():
        new = recorded(
            versions.change(
                TierVersion,
                environment,
                {"tier": tier},
                _unless_outdated(based_on, wanted.content),
                reason=reason,
                by=by,
            ),
            "changed",
            by,
        )
        for connection in wanted.chain:
            connections.keep_key(connection)
    return new


def change_tiers(
    environment: str,
    wanted: Mapping[int, TierSettings],
    *,
    based_on: Mapping[int, int],
    reason: str,
    by: User,
) -> list[TierVersion]:
    """Return the tiers' new versions, once each of their models has answered; all or none change.

    based_on: of each tier, the version whose settings were looked at. Raises CannotConnect.
    """
    tried: set[Connection] = set()
    for tier, one in wanted.items():
        after = TierVersion(environment=environment, tier=tier, reason=reason, **one.content)
        connections.check_settings(after)
        connections.try_settings(after, [each for each in one.chain if each not in tried])
        tried.update(one.chain)
    with transaction.atomic():
        changed = [
            recorded(
                versions.change(
                    TierVersion,
                    environment,
                    {"tier": tier},
                    _unless_outdated(based_on[tier], one.content),
                    reason=reason,
                    by=by,
                ),
                "changed",
                by,
            )
            for tier, one in wanted.items()
        ]
        for connection in tried:
            connections.keep_key(connection)
    return changed


def change_routes(
    environment: str, routes: Mapping[str, int], *, based_on: int, reason: str, by: User
) -> RouteVersion:
    """Return the routes' new version, once the tiers that tasks move to have answered.

    Raises CannotConnect, with nothing changed.
    """
    try_routes(environment, routes)
    content = {"routes": dict(routes)}
    with transaction.atomic():
        return recorded(
            versions.change(
                RouteVersion,
                environment,
                {},
                _unless_outdated(based_on, content),
                reason=reason,
                by=by,
            ),
            "changed",
            by,
        )


def promote(version: VersionT, *, beside: int, reason: str, by: User) -> VersionT:
    """Return the new live version, which says what staging's does, once its models have answered.

    beside: the live version it was looked at with. Staging then holds it no longer, so that the
    next change of live counts there too. Raises CannotConnect, with nothing changed.
    """
    try_mix([version], settings.ENVIRONMENT)
    try:
        with transaction.atomic():
            both = promoting.put_in_force(version, beside=beside, note=reason, by=by)
            return recorded(both, "promoted", by)
    except CannotPromote as error:
        raise CannotConnect(str(error)) from error


def withdraw(version: Changed, *, by: User) -> bool:
    """Take the version out of staging, so that live's counts there; return whether it was in."""
    with transaction.atomic():
        was_in = versions.withdraw(version)
        if was_in:
            audit.record(by, f"{_kind(version)}.withdrawn", version, **_named(version))
    return was_in


def use_again(version: VersionT, *, reason: str, by: User | None) -> VersionT:
    """Return the new version in the earlier one's environment, with its settings.

    After a test call. Raises CannotConnect; then nothing was changed.
    """
    # A way back is not held up by a fallback that has gone.
    try_version(version, version.environment, fallbacks=False)
    with transaction.atomic():
        return recorded(
            versions.change(
                type(version),
                version.environment,
                version.key,
                lambda before: versions.copied(version),
                reason=reason,
                by=by,
                came_from=version,
            ),
            "changed",
            by,
        )


def recorded(both: tuple[VersionT | None, VersionT], how: str, by: User | None) -> VersionT:
    """Return the new version, its change on the record. how: changed or promoted."""
    before, after = both
    audit.record(
        by,
        f"{_kind(after)}.{how}",
        after,
        **_named(after),
        reason=after.reason,
        changes=[[one.name, one.before, one.after] for one in differing(before, after)],
    )
    return after


def in_words(version: Changed) -> dict[str, str]:
    """Return each field of the version, named and in words."""
    if isinstance(version, TierVersion):
        return tier_facts(version.content)
    return route_facts(routes_of(version))


def differing(before: Changed | None, after: Changed) -> list[Difference]:
    """Return what the two versions say differently."""
    return differences(in_words(before) if before else {}, in_words(after))


def _unless_outdated(
    looked_at: int, content: Mapping[str, Any]
) -> Callable[[Changed | None], Mapping[str, Any]]:
    def said(before: Changed | None) -> Mapping[str, Any]:
        if before is not None and before.pk != looked_at:
            raise CannotConnect(
                f"Somebody has changed it meanwhile: version {before.version} is in force now. "
                "Look at that one first."
            )
        return content

    return said


def _named(version: Changed) -> dict[str, Any]:
    named: dict[str, Any] = {"environment": version.environment, "version": version.version}
    if isinstance(version, TierVersion):
        named |= {"tier": version.tier, "models": version.models, "endpoints": version.endpoints}
    return named


def _kind(version: Changed) -> str:
    return "tier" if isinstance(version, TierVersion) else "routes"
