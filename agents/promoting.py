"""Putting a mix of staging's versions into force in live: all at once, or none.

A tier or a route needs one person, a prompt or a policy a second one. What was asked for is bound:
if staging is another by then, nothing is promoted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils import timezone

from agents.models import LIVE, STAGING, PolicyVersion, Promotion, PromptVersion, Version
from agents.versions import KINDS, change, copied, in_force, mark_of, withdraw

Outcome = Promotion.Outcome


# What live has of a thing, as `agents.versions.mark_of` tells it.
Mark = int | str | None
VersionT = TypeVar("VersionT", bound=Version)
# The version before, and the one that is in force now.
Change = tuple[VersionT | None, VersionT]


class CannotPromote(Exception):
    """A promotion that was refused; the message says why and what to do next."""


@dataclass(frozen=True, kw_only=True)
class Promoted:
    """A promotion, and what it has put into force so far."""

    promotion: Promotion
    changes: Sequence[tuple[Version | None, Version]] = ()


def needs_second(versions: Sequence[Version]) -> bool:
    """Return whether a second person must agree before the mix is live."""
    return any(isinstance(version, PromptVersion | PolicyVersion) for version in versions)


@transaction.atomic
def promote(
    named: Sequence[Sequence[Any]], *, beside: Sequence[Mark], note: str, by: User
) -> Promoted:
    """Return the promotion: done at once, or asked of a second person where one is needed.

    named: [[kind, id], …], staging's versions as they were compared. beside: what live had of each
    of them when they were looked at. Raises CannotPromote.
    """
    versions = _held(named)
    _require_news(versions)
    if needs_second(versions):
        if _asked(named):
            raise CannotPromote(
                "This mix waits for a second person already. Ask somebody who may approve changes."
            )
        return Promoted(promotion=_promotion(named, beside, note, by))
    changes = [
        put_in_force(version, beside=mark, note=note, by=by)
        for version, mark in zip(versions, beside, strict=True)
    ]
    promotion = _promotion(named, beside, note, by, outcome=Outcome.DONE, decided_by=by)
    return Promoted(promotion=promotion, changes=changes)


@transaction.atomic
def approve(promotion_id: int, *, beside: Sequence[Mark], by: User, said: str = "") -> Promoted:
    """Return the promotion, its versions in force.

    beside: what live had of each when its second person looked. Raises CannotPromote, for who
    asked as well.
    """
    promotion = _waiting(promotion_id)
    if promotion.asked_by_id == by.pk:
        raise CannotPromote("You asked for this yourself: somebody else has to approve it.")
    versions = _held(promotion.versions)
    _require_news(versions)
    if promotion.beside and promotion.beside != list(beside):
        raise CannotPromote(
            "Live has changed since this was asked, so nothing was promoted. Refuse it, and have "
            "it asked anew."
        )
    changes = [
        put_in_force(
            version, beside=mark, note=promotion.note, by=promotion.asked_by, approved_by=by
        )
        for version, mark in zip(versions, beside, strict=True)
    ]
    return Promoted(promotion=_decided(promotion, Outcome.DONE, by, said), changes=changes)


@transaction.atomic
def put_in_force(
    version: VersionT, *, beside: Mark, note: str, by: User, approved_by: User | None = None
) -> Change[VersionT]:
    """Return live's version before and the new one, which says what staging's does.

    beside: what live had when it was looked at. Staging then holds it no longer, so that the next
    change of live counts there too. Raises CannotPromote.
    """
    if not withdraw(version):
        raise CannotPromote("Staging has changed meanwhile: look at what differs now.")

    def said(before: VersionT | None) -> Mapping[str, Any]:
        if mark_of(version, before) != beside:
            now = f"version {before.version}" if before else "the release's file"
            raise CannotPromote(
                f"Somebody has changed it meanwhile: {now} is in force now. Look at that one first."
            )
        return copied(version)

    return change(
        type(version),
        LIVE,
        version.key,
        said,
        reason=note,
        by=by,
        approved_by=approved_by,
        came_from=version,
    )


@transaction.atomic
def refuse(promotion_id: int, *, by: User, said: str = "") -> Promotion:
    """Return the promotion, refused by somebody else or withdrawn by who asked."""
    promotion = _waiting(promotion_id)
    own = promotion.asked_by_id == by.pk
    return _decided(promotion, Outcome.WITHDRAWN if own else Outcome.REFUSED, by, said)


def _held(named: Sequence[Sequence[Any]]) -> list[Version]:
    """Return the versions, locked, if all of them are in force in staging.

    One promotion at a time, whatever it is of: two that overlap must not each do a half.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('promotion'))")
    found: list[Version] = []
    for kind, pk in named:
        rows = KINDS[kind]._default_manager.select_for_update()
        version = rows.filter(pk=pk, environment=STAGING, is_live=True).first()
        if version is None:
            raise CannotPromote(
                "Staging is no longer what was compared, so nothing was promoted. Compare it anew."
            )
        found.append(version)
    return found


def _require_news(versions: Sequence[Version]) -> None:
    for version in versions:
        live = in_force(type(version), LIVE, **version.key)
        if live is None or live.content != version.content:
            return
    raise CannotPromote("Live is the same already, so nothing was promoted.")


def _asked(named: Sequence[Sequence[Any]]) -> bool:
    waiting = Promotion.objects.filter(environment=LIVE, outcome=Outcome.ASKED)
    return any(promotion.versions == [list(one) for one in named] for promotion in waiting)


def _waiting(promotion_id: int) -> Promotion:
    with connection.cursor() as cursor:  # before the row, as `promote` takes them
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('promotion'))")
    promotion = (
        Promotion.objects.select_for_update(of=("self",))
        .select_related("asked_by")
        .get(pk=promotion_id)
    )
    if promotion.outcome != Outcome.ASKED:
        raise CannotPromote("This was decided already, so nothing was changed.")
    return promotion


def _promotion(
    named: Sequence[Sequence[Any]],
    beside: Sequence[Mark],
    note: str,
    by: User,
    *,
    outcome: Promotion.Outcome = Outcome.ASKED,
    decided_by: User | None = None,
) -> Promotion:
    return Promotion.objects.create(
        versions=[list(one) for one in named],
        beside=list(beside),
        environment=LIVE,
        note=note,
        asked_by=by,
        outcome=outcome,
        decided_by=decided_by,
        decided_at=timezone.now() if decided_by else None,
    )


def _decided(promotion: Promotion, outcome: Promotion.Outcome, by: User, said: str) -> Promotion:
    promotion.outcome, promotion.decided_by, promotion.said = outcome, by, said
    promotion.decided_at = timezone.now()
    promotion.save(update_fields=["outcome", "decided_by", "said", "decided_at"])
    return promotion
