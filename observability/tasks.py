"""Periodic upkeep of the span tables."""

from datetime import UTC, datetime

from celery import shared_task

from observability import recorder


@shared_task
def make_partitions() -> None:
    recorder.make_partitions(datetime.now(UTC).date())
