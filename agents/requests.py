"""Asking for runs, and calling them off."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.utils import timezone

from agents.errors import UnknownAgent
from agents.models import Agent, Run, RunPayload
from observability.payloads import digest


def request_run(agent_slug: str, run_input: dict[str, Any]) -> Run:
    """Return a queued run of the agent on this input. The caller's transaction commits it.

    Raises UnknownAgent.
    """
    agent = Agent.objects.filter(slug=agent_slug).first()
    if agent is None:
        raise UnknownAgent(f"No agent called {agent_slug} is installed.")
    return Run.objects.create(
        agent=agent,
        environment=settings.ENVIRONMENT,
        input=RunPayload.objects.create(content=run_input),
        input_digest=digest(run_input),
    )


def open_waiting_run(agent: Agent, run_input: dict[str, Any]) -> Run:
    """Return a run that waits for a person from the start: the agent works elsewhere."""
    now = timezone.now()
    return Run.objects.create(
        agent=agent,
        environment=settings.ENVIRONMENT,
        status=Run.Status.WAITING,
        input=RunPayload.objects.create(content=run_input),
        input_digest=digest(run_input),
        started_at=now,
        attempts=1,
    )


def end_waiting_run(run_id: int, result: dict[str, Any]) -> bool:
    """End a run that waited for a person, as done with this result; return whether it waited."""
    return bool(
        Run.objects.filter(pk=run_id, status=Run.Status.WAITING).update(
            status=Run.Status.DONE,
            result=RunPayload.objects.create(content=result),
            result_digest=digest(result),
            finished_at=timezone.now(),
        )
    )


def cancel_runs(run_ids: Iterable[int]) -> int:
    """Cancel those of the runs that have not ended; return how many there were."""
    return (
        Run.objects.filter(pk__in=list(run_ids))
        .exclude(status__in=Run.ENDED)
        .update(status=Run.Status.CANCELLED, finished_at=timezone.now())
    )


def cancel_by_hand(run_id: int, by: str) -> bool:
    """Cancel the run because somebody wants that; return whether it had not ended.

    The caller's transaction commits it. What it was doing to the world, if anything, is found out.
    """
    return bool(
        Run.objects.filter(pk=run_id)
        .exclude(status__in=Run.ENDED)
        .update(
            status=Run.Status.CANCELLED,
            error_type="cancelled",
            error_message=f"{by} cancelled it.",
            finished_at=timezone.now(),
        )
    )


def start_again(run_id: int) -> bool:
    """Queue the failed or cancelled run again; return whether it had so ended.

    It goes on from its journal: what was done is not done again. The caller's transaction commits.
    """
    now = timezone.now()
    return bool(
        Run.objects.filter(pk=run_id, status__in=[Run.Status.FAILED, Run.Status.CANCELLED])
        .exclude(error_type="")
        .update(
            status=Run.Status.QUEUED,
            crashes=0,
            error_type="",
            error_message="",
            finished_at=None,
            deadline_at=None,
            due_at=now,
            hinted_at=None,
        )
    )
