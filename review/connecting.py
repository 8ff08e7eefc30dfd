"""Putting models on tiers: tried first, then changed and put on record together."""

from collections.abc import Sequence

from django.contrib.auth.models import User
from django.db import transaction

from agents import connections
from agents.connections import Connection
from agents.models import TierVersion
from review import audit


def connect(
    tiers: Sequence[int],
    connection: Connection,
    *,
    reason: str,
    by: User | None,
    as_fallback: bool = False,
) -> list[TierVersion]:
    """Return the tiers' new live versions, after a real test call; all tiers change or none.

    by: None for whoever runs a command. Raises CannotConnect; then nothing was changed.
    """
    connections.try_out(connection, tiers[0])
    install = connections.add_fallback if as_fallback else connections.put_on_tier
    with transaction.atomic():
        changed = [
            _recorded(*install(tier, connection, reason=reason, by=by), by=by) for tier in tiers
        ]
        # Last before the commit: no worker sees the new version without its key, and a key whose
        # version was refused is not kept.
        connections.keep_key(connection)
    return changed


def _recorded(before: TierVersion, after: TierVersion, *, by: User | None) -> TierVersion:
    audit.record(
        by,
        "tier.changed",
        after,
        tier=after.tier,
        version=after.version,
        was=before.models,
        now=after.models,
        endpoints=after.endpoints,
        reason=after.reason,
    )
    return after
