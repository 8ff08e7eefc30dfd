"""Background work of agents."""

from celery import shared_task

from agents.budgets import settle_lost
from agents.calibration import refit_if_stale
from agents.models import Agent


@shared_task
def retrain_local_model() -> None:
    """Teach the embedded model what people's verdicts have said since it last learnt."""
    from agents.local_model.training import train_if_stale  # noqa: PLC0415 - imports scikit-learn

    for agent in Agent.objects.all():
        train_if_stale(agent)


@shared_task
def refit_calibrations() -> None:
    """Hold models' stated confidence against what people have decided since the last fit."""
    for agent in Agent.objects.all():
        refit_if_stale(agent)


@shared_task
def settle_lost_reservations() -> None:
    """Take what dead workers left reserved of a budget as spent."""
    settle_lost()
