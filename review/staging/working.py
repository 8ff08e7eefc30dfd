"""Working comparisons through: shadows asked for as there is room, their ends measured, the end.

Safe to call at any time and any number of times: after a shadow run has ended, and by the sweep.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from agents.models import Agent, Comparison, Run
from agents.shadowing import places_for_shadows, request_shadow
from review import audit
from review.models import ComparedPair
from review.overview.decided_items import in_force
from review.staging.measure import badness_of, standing_of
from review.staging.reading import sides
from review.undoing import window

AT_ONCE = 50
# A ticket of live traffic that nobody has decided by then is left undecided.
DECIDED_WITHIN = timedelta(days=30)
Standing = ComparedPair.Standing
PAIRS = ComparedPair.objects.select_related(
    "comparison",
    "live_run__result",
    "shadow__result",
    "verdict__proposed",
    "verdict__final",
)


def advance(now: datetime) -> list[int]:
    """Bring every comparison forward; return the shadow runs that a worker should be told of."""
    judge_live_traffic(now)
    if not Comparison.objects.filter(status=Comparison.Status.RUNNING).exists():
        return []
    measure_ended()
    finish_ended(now)
    return release(now)


def is_shadow(run_id: int) -> bool:
    """Return whether the run is one of a comparison."""
    return Run.objects.filter(pk=run_id, comparison__isnull=False).exists()


def measure_ended() -> int:
    """Measure the pairs whose shadow run has ended; return how many there were."""
    ended = PAIRS.filter(measured_at__isnull=True, shadow__status__in=Run.ENDED).exclude(
        comparison__status=Comparison.Status.STOPPED
    )
    pairs = list(ended.order_by("pk")[:AT_ONCE])
    for pair in pairs:
        measure(pair)
    return len(pairs)


def judge_live_traffic(now: datetime) -> int:
    """Hold the live traffic that people have decided since against what they sent."""
    undecided = ComparedPair.objects.filter(
        standing=Standing.OPEN, comparison__started_at__gt=now - DECIDED_WITHIN
    )
    decided = in_force().filter(
        item__run__in=undecided.values("live_run"),
        item__is_correction=False,
        item__step_key="",
        created_at__lt=now - window(),
    )
    verdicts = dict(decided.values_list("item__run", "pk")[:AT_ONCE])
    if not verdicts:
        return 0
    found = 0
    for pair in undecided.filter(live_run__in=verdicts).order_by("pk"):
        pair.verdict_id = verdicts[pair.live_run_id]
        pair.save(update_fields=["verdict"])
        measure(PAIRS.get(pk=pair.pk))
        found += 1
    return found


def measure(pair: ComparedPair) -> None:
    """Write the pair's figures and how the candidate did. Its shadow run has ended."""
    live, candidate = sides(pair)
    verdict = pair.verdict
    pair.live, pair.candidate = live.as_json(), candidate.as_json()
    pair.standing = standing_of(
        live,
        candidate,
        is_decided=verdict is not None,
        was_sent=verdict is not None and verdict.final_id is not None,
    )
    pair.badness = badness_of(live, candidate)
    pair.measured_at = pair.measured_at or timezone.now()
    pair.save(update_fields=["live", "candidate", "standing", "badness", "measured_at"])


@transaction.atomic
def release(now: datetime) -> list[int]:
    """Ask for as many shadow runs as there is room for, the oldest comparison's first.

    An agent that is paused runs in shadow no more than live.
    """
    places = places_for_shadows(now)
    waiting = ComparedPair.objects.filter(
        measured_at__isnull=True,
        shadow__isnull=True,
        comparison__status=Comparison.Status.RUNNING,
    ).exclude(comparison__agent__status=Agent.Status.PAUSED)
    pairs = waiting.select_related("comparison", "live_run__input").select_for_update(
        of=("self", "comparison"), skip_locked=True
    )
    asked = []
    for pair in pairs.order_by("comparison", "is_live_traffic", "pk")[:places]:
        if pair.live_run.input.content is None:  # erased since it was chosen
            pair.standing, pair.measured_at = Standing.ERASED, now
        else:
            pair.shadow = request_shadow(pair.live_run, pair.comparison)
            asked.append(pair.shadow.pk)
        pair.save(update_fields=["shadow", "standing", "measured_at"])
    Run.objects.filter(pk__in=asked).update(hinted_at=now)
    return asked


def finish_ended(now: datetime) -> None:
    """End the comparisons that have nothing left to do."""
    for comparison in Comparison.objects.filter(status=Comparison.Status.RUNNING).select_related(
        "order"
    ):
        pairs = comparison.pairs
        if pairs.filter(measured_at__isnull=True).exists():
            continue
        taken = pairs.filter(is_live_traffic=True).count()
        if comparison.live_share_percent and taken < comparison.order.live_wished:
            continue
        with transaction.atomic():
            ended = Comparison.objects.filter(
                pk=comparison.pk, status=Comparison.Status.RUNNING
            ).update(status=Comparison.Status.DONE, finished_at=now)
            if ended:
                audit.record(None, "comparison.done", comparison)
