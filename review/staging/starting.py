"""Starting a comparison, stopping it, and taking live traffic into it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import BooleanField, Case, Exists, OuterRef, Q, Value, When
from django.utils import timezone

from agents.models import Agent, Comparison, Run, RunPayload, Step, Version
from agents.requests import cancel_runs
from review import audit
from review.errors import ReviewError
from review.models import ComparedPair, ComparisonOrder, ReviewItem, VerdictKind
from review.overview.decided_items import in_force
from review.staging.candidates import Ground, as_pairs, ground_of, in_words
from review.staging.estimates import Estimated, estimate
from review.staging.gate import LEAST_PAIRS
from review.staging.sampling import is_sampled
from review.undoing import window

MOST = 2_000
Status = Comparison.Status


class SameAsLive(ReviewError):
    """Staging is the same as live for this agent, so there is nothing to compare. Put a tier, a
    route, a prompt or a policy on staging first."""

    status = 422


class AlreadyRunning(ReviewError):
    """A comparison of this agent is running already. Wait until it has ended, or stop it."""

    status = 422


class NothingDecided(ReviewError):
    """None of this agent's items has been decided yet, so there is nothing to hold a candidate
    against. Ask for a share of live traffic alone, or come back when replies have been sent."""

    status = 422


class NothingAsked(ReviewError):
    """Ask for some of the reviewed items, or for a share of live traffic and how many of it."""

    status = 422


class CostNotAgreed(ReviewError):
    """This comparison may cost money, so nothing was started. Agree to the cost below."""

    status = 422


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a comparison is to do. live_wished: with a share above 0, how many of it are enough."""

    reviewed_items: int
    live_share_percent: int = 0
    live_wished: int = 0
    note: str = ""

    @property
    def runs(self) -> int:
        """How many shadow runs that may become."""
        return self.reviewed_items + (self.live_wished if self.live_share_percent else 0)


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """Decided items to repeat, newest first, and how many were passed over as erased.

    verdicts: their ids, each with its run's. earlier_live: how many of them live answered before
    it became what it is.
    """

    verdicts: Sequence[tuple[int, int]]
    skipped_erased: int
    earlier_live: int = 0


@transaction.atomic
def start_comparison(
    agent: Agent, asked: Asked, by: User, *, agreed_usd: Decimal | None = None, agreed: bool = False
) -> Comparison:
    """Return the comparison of staging's candidate, with a pair for each item it will repeat.

    agreed: to the cost, if it is not free; agreed_usd: how much was read there. Raises SameAsLive,
    AlreadyRunning, NothingAsked, NothingDecided or CostNotAgreed. One at a time of an agent: its
    row is locked.
    """
    Agent.objects.select_for_update().get(pk=agent.pk)
    ground = ground_of(agent)
    versions = ground.candidate
    _refuse(agent, asked, versions)
    chosen = reviewed(ground, asked.reviewed_items)
    if asked.reviewed_items and not chosen.verdicts:
        raise NothingDecided
    cost = estimate(ground, versions)
    _require_agreement(cost, asked, agreed=agreed, agreed_usd=agreed_usd)
    comparison = _stored(agent, asked, by, as_pairs(versions), chosen)
    ComparisonOrder.objects.create(
        comparison=comparison,
        live_wished=asked.live_wished if asked.live_share_percent else 0,
        skipped_erased=chosen.skipped_erased,
        worst_usd=cost.for_runs(asked.runs),
        live=as_pairs(ground.live),
        earlier_live=chosen.earlier_live,
    )
    audit.record(
        by,
        "comparison.started",
        comparison,
        candidate=in_words(versions),
        versions=comparison.versions,
        items=len(chosen.verdicts),
        live_share_percent=asked.live_share_percent,
    )
    return comparison


@transaction.atomic
def stop_comparison(comparison_id: int, by: User) -> bool:
    """Stop it and call its shadow runs off; return whether it was running. What ran stays."""
    stopped = Comparison.objects.filter(pk=comparison_id, status=Status.RUNNING).update(
        status=Status.STOPPED, finished_at=timezone.now()
    )
    if not stopped:
        return False
    comparison = Comparison.objects.get(pk=comparison_id)
    cancelled = cancel_runs(comparison.runs.values_list("pk", flat=True))
    audit.record(by, "comparison.stopped", comparison, cancelled=cancelled)
    return True


def take_live_run(run: Run) -> None:
    """Put an ended live run into the comparison whose share of live traffic it falls in.

    In the transaction that settles it. A worker comes to its shadow when there is room. A run that
    was asked for before the comparison may have begun with another live.
    """
    running = Comparison.objects.filter(
        agent=run.agent_id,
        status=Status.RUNNING,
        live_share_percent__gt=0,
        started_at__lte=run.created_at,
    )
    for comparison in running.select_related("order"):
        if not is_sampled(comparison.pk, run.pk, comparison.live_share_percent):
            continue
        taken = comparison.pairs.filter(is_live_traffic=True).count()
        if taken < comparison.order.live_wished:
            pair = ComparedPair(comparison=comparison, live_run=run, is_live_traffic=True)
            ComparedPair.objects.bulk_create([pair], ignore_conflicts=True)


def reviewed(ground: Ground, number: int) -> Chosen:
    """Return the agent's last decided drafts with a verdict in force, as many as are asked for.

    Not what can still be undone, what was put right after it was sent, or what is erased. Those
    that live answered as it is now, where they are enough for the gate; else the last of all.
    """
    decided = _decided(ground.agent)
    current = _newest(decided.filter(_by_live_as_it_is(ground)), number)
    if len(current.verdicts) >= min(number, LEAST_PAIRS):
        return current
    every = _newest(decided, number)
    return replace(every, earlier_live=len({*every.verdicts} - {*current.verdicts}))


def _newest(decided: Any, number: int) -> Chosen:
    found: list[tuple[int, int]] = []
    skipped = 0
    for verdict_id, run_id, is_erased in decided.iterator(chunk_size=500):
        if len(found) == number:
            break
        if is_erased:
            skipped += 1
        else:
            found.append((verdict_id, run_id))
    return Chosen(verdicts=found, skipped_erased=skipped)


def _by_live_as_it_is(ground: Ground) -> Q:
    """Return the filter of verdicts whose run was begun with what is live now.

    A prompt that went back to the release's file leaves no newer version: its hash tells.
    """
    others = Step.objects.filter(
        run=OuterRef("item__run"), prompt_version__startswith=f"{ground.agent.slug}/"
    ).exclude(prompt_version__in=ground.live_prompts)
    return Q(~Exists(others), item__run__created_at__gte=ground.live_since)


def _stored(
    agent: Agent, asked: Asked, by: User, versions: list[list[Any]], chosen: Chosen
) -> Comparison:
    comparison = Comparison.objects.create(
        agent=agent,
        versions=versions,
        note=asked.note,
        reviewed_items=len(chosen.verdicts),
        live_share_percent=asked.live_share_percent,
        started_by=by,
    )
    ComparedPair.objects.bulk_create(
        ComparedPair(comparison=comparison, live_run_id=run_id, verdict_id=verdict_id)
        for verdict_id, run_id in chosen.verdicts
    )
    return comparison


def _decided(agent: Agent) -> Any:
    """Return the queryset of (verdict, its run, whether a text of it is erased), newest first."""
    erased = (
        Q(item__run__input__content__isnull=True)
        | Q(proposed__content__isnull=True)
        | Q(final__isnull=False, final__content__isnull=True)
    )
    # What an agent elsewhere proposed; it cannot be asked again.
    elsewhere = RunPayload.objects.filter(
        pk=OuterRef("item__run__input"), content__has_key="actions"
    )
    decided = in_force().filter(
        ~Exists(elsewhere),
        item__run__agent=agent,
        item__kind=ReviewItem.Kind.DRAFT,
        item__step_key="",
        item__is_correction=False,
        kind__in=[VerdictKind.APPROVE, VerdictKind.EDIT, VerdictKind.REJECT],
        created_at__lt=timezone.now() - window(),
    )
    is_erased = Case(When(erased, then=Value(True)), default=False, output_field=BooleanField())
    return decided.order_by("-item__decided_at", "-pk").values_list("pk", "item__run", is_erased)


def _refuse(agent: Agent, asked: Asked, versions: list[Version]) -> None:
    if not versions:
        raise SameAsLive
    if Comparison.objects.filter(agent=agent, status=Status.RUNNING).exists():
        raise AlreadyRunning
    if asked.runs <= 0:
        raise NothingAsked


def _require_agreement(
    cost: Estimated, asked: Asked, *, agreed: bool, agreed_usd: Decimal | None
) -> None:
    """Refuse unless it is free, or what was agreed to covers it still."""
    if cost.is_free:
        return
    worst = cost.for_runs(asked.runs)
    if not agreed or (worst is not None and (agreed_usd is None or worst > agreed_usd)):
        raise CostNotAgreed
