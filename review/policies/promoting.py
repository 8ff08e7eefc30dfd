"""A policy into force: one person asks, another answers."""

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from agents import versions
from agents.models import LIVE, STAGING, Agent, PolicyVersion, Promotion
from agents.policies import rules_of
from observability.payloads import digest
from review import audit
from review.errors import VersionGone
from review.policies.errors import (
    AnsweredAlready,
    AskedAlready,
    LiveRulesChanged,
    NeedsANote,
    NeedsAnother,
    NotStaged,
)
from review.policies.reading import KIND


@transaction.atomic
def ask_for_live(agent: Agent, *, seen: int | None, note: str, by: User) -> Promotion:
    """Ask a second person to put what is in staging into force.

    seen: the version there that was looked at. Raises NotStaged, VersionGone, NeedsANote,
    AskedAlready.
    """
    Agent.objects.select_for_update().get(pk=agent.pk)  # one asks at a time
    staged = versions.in_force(PolicyVersion, STAGING, agent_id=agent.pk)
    live = versions.in_force(PolicyVersion, LIVE, agent_id=agent.pk)
    if staged is None or staged.environment != STAGING:
        raise NotStaged
    if rules_of(agent, staged) == rules_of(agent, live):
        raise NotStaged
    if staged.pk != seen:
        raise VersionGone
    if not note.strip():
        raise NeedsANote
    wanted = [[KIND, staged.pk]]
    if Promotion.objects.filter(outcome=Promotion.Outcome.ASKED, versions=wanted).exists():
        raise AskedAlready
    promotion = Promotion.objects.create(
        versions=wanted, environment=LIVE, note=note.strip(), asked_by=by
    )
    audit.record(by, "policy.asked", promotion, after=digest(staged.rules), agent=agent.slug)
    return promotion


@transaction.atomic
def approve(promotion_id: int, *, seen_live: int | None, said: str, by: User) -> PolicyVersion:
    """Put the policy into force, as the second person.

    seen_live: the version in force beside which they looked at it, None for what the agent came
    with. Raises NeedsAnother, AnsweredAlready, LiveRulesChanged.
    """
    promotion, version = _open(promotion_id)
    if promotion.asked_by_id == by.pk:
        raise NeedsAnother
    _require_staged(version)
    live = versions.in_force(PolicyVersion, LIVE, agent_id=version.agent_id)
    if (live.pk if live else None) != seen_live:
        raise LiveRulesChanged
    before, after = versions.copy_to(
        version, LIVE, reason=promotion.note, by=promotion.asked_by, approved_by=by
    )
    versions.withdraw(version)  # staging has nothing of its own any more
    _end(promotion, Promotion.Outcome.DONE, said, by)
    audit.record(
        by,
        "policy.approved",
        after,
        before=digest(before.rules) if before else "",
        after=digest(after.rules),
        agent=version.agent.slug,
        version=after.version,
        asked_by=promotion.asked_by.get_username(),
    )
    return after


@transaction.atomic
def refuse(promotion_id: int, *, said: str, by: User) -> Promotion:
    """Refuse it, with a note; who asked may take it back without one."""
    promotion, _ = _open(promotion_id)
    mine = promotion.asked_by_id == by.pk
    if not mine and not said.strip():
        raise NeedsANote
    outcome = Promotion.Outcome.WITHDRAWN if mine else Promotion.Outcome.REFUSED
    _end(promotion, outcome, said, by)
    audit.record(by, f"policy.{outcome}", promotion, why=said.strip())
    return promotion


def _open(promotion_id: int) -> tuple[Promotion, PolicyVersion]:
    promotion = Promotion.objects.select_for_update().get(pk=promotion_id)
    if promotion.outcome != Promotion.Outcome.ASKED:
        raise AnsweredAlready
    kinds = [kind for kind, _ in promotion.versions]
    if kinds != [KIND]:
        raise AnsweredAlready("This asks for more than a policy. Answer it on the staging page.")
    version = PolicyVersion.objects.select_related("agent").get(pk=promotion.versions[0][1])
    return promotion, version


def _require_staged(version: PolicyVersion) -> None:
    """Refuse to put into force what staging has no more: it may lack what was mended since."""
    staged = PolicyVersion.objects.select_for_update().filter(
        pk=version.pk, environment=STAGING, is_live=True
    )
    if not staged.exists():
        raise AnsweredAlready("Staging is no longer what this asks for. Refuse it, and ask anew.")


def _end(promotion: Promotion, outcome: Promotion.Outcome, said: str, by: User) -> None:
    promotion.outcome = outcome
    promotion.said = said.strip()
    promotion.decided_by = by
    promotion.decided_at = timezone.now()
    promotion.save()
