"""The Celery application: it only wakes work that PostgreSQL already holds.

Settings follow what was measured under `kill -9` of workers and of Redis: late
acknowledgement, one task fetched at a time, no result, no countdown.
"""

import os
from typing import Any

from celery import Celery, signals

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from config.local.parent_death import die_with_parent

app = Celery("countersign")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.update(
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    task_ignore_result=True,
    # A queue of its own for what is short and awaited: runs may fill theirs for hours. Runs that
    # go on after a person's answer or a worker's death are in `awaited` (review.wake).
    task_routes={
        "review.tasks.sweep": {"queue": "soon"},
        "review.tasks.work_on_delivery": {"queue": "soon"},
        "review.demo.tasks.play_next": {"queue": "soon"},
    },
    accept_content=["json"],
    task_time_limit=120,
    task_soft_time_limit=90,
    broker_transport_options={
        "visibility_timeout": 300,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        "socket_connect_timeout": 5,
        # A page must not wait for a Redis that hangs; a worker that had this would exit with it.
        **({"socket_timeout": 3} if os.environ.get("COUNTERSIGN_PROCESS") == "web" else {}),
    },
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    worker_soft_shutdown_timeout=5,
    worker_enable_soft_shutdown_on_idle=False,
    worker_hijack_root_logger=False,
    task_publish_retry_policy={"max_retries": 1, "interval_max": 0.2},
    beat_schedule={
        # Each expires before the next is due, so a stopped worker finds no heap of them.
        "sweep": {"task": "review.tasks.sweep", "schedule": 5.0, "options": {"expires": 5}},
        "retrain": {
            "task": "agents.tasks.retrain_local_model",
            "schedule": 60.0,
            "options": {"expires": 60},
        },
        "calibrations": {
            "task": "agents.tasks.refit_calibrations",
            "schedule": 60.0,
            "options": {"expires": 60},
        },
        "reservations": {
            "task": "agents.tasks.settle_lost_reservations",
            "schedule": 60.0,
            "options": {"expires": 60},
        },
        "partitions": {
            "task": "observability.tasks.make_partitions",
            "schedule": 3600.0,
            "options": {"expires": 600},
        },
        "demo-stream": {
            "task": "review.demo.tasks.play_next",
            "schedule": 20.0,
            "options": {"expires": 20},
        },
        "demo-past": {
            "task": "review.demo.tasks.work_on_past",
            "schedule": 5.0,
            "options": {"expires": 5},
        },
    },
)
app.autodiscover_tasks(["review", "review.demo", "agents", "observability"])


@signals.worker_init.connect
def load_models_once(**_: Any) -> None:
    """Import what takes seconds before the pool forks: its processes share the memory."""
    from agents import llm  # noqa: PLC0415 - web and beat do without it

    llm.preload()


@signals.worker_process_init.connect
def follow_the_supervisor(**_: Any) -> None:
    """A pool process outlives its killed parent unless the kernel is told otherwise."""
    die_with_parent()
