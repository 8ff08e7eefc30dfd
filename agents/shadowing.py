"""Shadow runs: a candidate on an input that live has had, unseen by customers.

They must never delay live work, so few are there at a time: the rest wait as pairs of their
comparison, not as queued runs, and one is asked for only while no live run waits for a worker.
A queue of their own would not do it: a worker's process that has taken a shadow run is gone for as
long as its model takes, whichever queue it came from.
"""

from datetime import datetime

from django.conf import settings
from django.db import connection
from django.db.models import Q

from agents import runner
from agents.models import STAGING, Comparison, Run

# Counted in live figures: everything but these.
LIVE_RUNS = Q(shadow_of__isnull=True)


def request_shadow(run: Run, comparison: Comparison) -> Run:
    """Return a queued run of the comparison's candidate on the run's input. The caller commits it.

    The input is the same row, so that erasing it erases it here.
    """
    return Run.objects.create(
        agent_id=run.agent_id,
        environment=STAGING,
        input_id=run.input_id,
        input_digest=run.input_digest,
        shadow_of=run,
        comparison=comparison,
    )


def places_for_shadows(now: datetime) -> int:
    """Return how many shadow runs may be asked for now, for the caller's transaction alone.

    0 while live work waits, while enough are under way, or while somebody else is asking.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext('shadow runs'))")
        if not cursor.fetchone()[0]:
            return 0
    if Run.objects.filter(LIVE_RUNS, runner.due(now)).exists():
        return 0
    under_way = Run.objects.filter(
        shadow_of__isnull=False, status__in=[Run.Status.QUEUED, Run.Status.RUNNING]
    )
    return max(0, settings.SHADOW_RUNS_AT_ONCE - under_way.count())
