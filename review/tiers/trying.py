"""The calls that a change must pass before it counts."""

from collections.abc import Collection, Mapping, Sequence

from agents import versions
from agents.connections import Connection, check_settings, connections_of, try_settings
from agents.errors import CannotConnect
from agents.models import RouteVersion, TierVersion, Version
from agents.tiers import routes_of, tier_in_force
from review.tiers.words import HELD

# What a call looks like to a model, beside its text.
SHAPE = ("model", "temperature", "max_tokens", "timeout_s")


def try_version(version: TierVersion | RouteVersion, environment: str, *, fallbacks: bool) -> None:
    """Make a call to the version's first model, or to that of each tier that a task moves to.

    fallbacks: whether those that the environment does not have yet are called too. Raises
    CannotConnect.
    """
    if isinstance(version, RouteVersion):
        try_routes(environment, routes_of(version))
        return
    check_settings(version)
    first, *others = connections_of(version)
    known = connections_of(tier_in_force(version.tier, environment))
    new = [one for one in others if one not in known] if fallbacks else []
    try_settings(version, [first, *new])


def try_mix(mix: Sequence[Version], environment: str) -> None:
    """Make the calls that the tiers and routes of a mix must pass to be in force there.

    A task that moves to a tier of the mix is to run on that one. Raises CannotConnect.
    """
    tiers = [version for version in mix if isinstance(version, TierVersion)]
    for tier in tiers:
        try_version(tier, environment, fallbacks=True)
    for version in mix:
        if isinstance(version, RouteVersion):
            tried = {one.tier for one in tiers}
            try_routes(environment, routes_of(version), tried=tried)


def try_routes(environment: str, routes: Mapping[str, int], *, tried: Collection[int] = ()) -> None:
    """Make a call to the first model of each tier that a task moves to.

    tried: tiers that have answered already. Raises CannotConnect.
    """
    for task, tier in HELD.items():
        if routes.get(task, tier) != tier:
            raise CannotConnect(f"{task} belongs to tier {tier}: it is rare and of high stakes.")
    now = routes_of(versions.in_force(RouteVersion, environment))
    moved_to = {to for task, to in routes.items() if now.get(task) != to}
    for tier in sorted(moved_to - {*tried}):
        there = tier_in_force(tier, environment)
        try_settings(there, connections_of(there)[:1])


def untried(
    before: TierVersion, after: TierVersion, chain: Sequence[Connection]
) -> list[Connection]:
    """Return the models that have not answered as they are to be asked."""
    known = connections_of(before)
    is_asked_otherwise = any(getattr(before, name) != getattr(after, name) for name in SHAPE)
    return [
        connection
        for place, connection in enumerate(chain)
        if connection not in known or (place == 0 and is_asked_otherwise)
    ]
