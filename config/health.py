"""Is it alive, is it ready, and how much is waiting: for load balancers and Prometheus."""

from collections.abc import Iterator
from datetime import timedelta
from functools import cache

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from prometheus_client.core import CounterMetricFamily, Metric

from agents import doors, runner
from agents.guardrails.waivers import in_force
from agents.models import Run
from observability.failures import failure_counts
from review.api_access import problem
from review.models import Delivery, ReviewItem
from review.tokens import token_of

STALLED_AFTER = timedelta(seconds=60)


class NotMigrated(Exception):
    """The database's schema is older than this code."""


@login_not_required
def alive(request: HttpRequest) -> HttpResponse:
    """Answer 200 while the process serves requests."""
    return JsonResponse({"status": "alive"})


@login_not_required
def ready(request: HttpRequest) -> HttpResponse:
    """Answer 200 when the database answers and has every migration, else 503 and why.

    `stalled` names programs that a supervisor should restart: work is due and nobody does it.
    """
    try:
        _require_migrations()
        stalled = ["worker"] if _worker_is_stalled() else []
    except DatabaseError:
        return JsonResponse({"status": "waiting", "detail": "The database is away."}, status=503)
    except NotMigrated as error:
        return JsonResponse({"status": "waiting", "detail": str(error)}, status=503)
    return JsonResponse({"status": "ready", "stalled": stalled})


@login_not_required
def metrics(request: HttpRequest) -> HttpResponse:
    """Return gauges and counters in Prometheus' text format, for a token with the scope `read`."""
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    token = token_of(text) if scheme.lower() == "bearer" else None
    if token is None:
        return problem(401, "Send a bearer token with the scope read.")
    if not token.allows("read"):
        return problem(403, "This token lacks the scope read.")
    registry = CollectorRegistry()
    for name, text, rows, field, values in (
        ("runs", "Runs by status", Run.objects.all(), "status", Run.Status.values),
        (
            "review_items",
            "Review items by status",
            ReviewItem.objects.all(),
            "status",
            ReviewItem.Status.values,
        ),
        (
            "deliveries",
            "Deliveries by state",
            Delivery.objects.all(),
            "state",
            Delivery.State.values,
        ),
    ):
        gauge = Gauge(f"countersign_{name}", text, [field], registry=registry)
        counts = dict(rows.values_list(field).annotate(Count("pk")).order_by())
        for value in values:
            gauge.labels(value).set(counts.get(value, 0))
    registry.register(_Failures())
    _show_open_breakers(registry)
    waivers = Gauge("countersign_waivers_in_force", "Guardrails switched off", registry=registry)
    waivers.set(in_force(timezone.now()).count())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class _Failures:
    """What failed since the installation began, read when it is asked for."""

    def collect(self) -> Iterator[Metric]:
        """Yield the counter of failures."""
        labels = ["kind", "name", "error_type", "environment"]
        failures = CounterMetricFamily(
            "countersign_failures", "Failures by kind, name and type of error", labels=labels
        )
        for one in failure_counts():
            failures.add_metric([one.kind, one.name, one.error_type, one.environment], one.count)
        yield failures


def _show_open_breakers(registry: CollectorRegistry) -> None:
    """Show the models that are left alone for failing; nothing while Redis is away."""
    opened = doors.open_breakers()
    if opened is None:
        return
    gauge = Gauge(
        "countersign_open_breakers",
        "Models that are left alone because they kept failing",
        ["model", "endpoint"],
        registry=registry,
    )
    for where in opened:
        gauge.labels(where.model, where.endpoint).set(1)


@cache  # once the schema is whole it stays so for this process; a raise is not kept
def _require_migrations() -> None:
    executor = MigrationExecutor(connection)
    pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if pending:
        raise NotMigrated(f"{len(pending)} migrations are to be applied: run manage.py prepare.")


def _worker_is_stalled() -> bool:
    """Whether replies or runs have long been due while nothing made progress."""
    long_ago = timezone.now() - STALLED_AFTER
    if Delivery.objects.filter(state=Delivery.State.DUE, due_at__lt=long_ago).exists():
        return True
    waiting = Run.objects.filter(runner.due(long_ago))
    moving = Run.objects.filter(
        Q(heartbeat_at__gte=long_ago, status=Run.Status.RUNNING) | Q(finished_at__gte=long_ago)
    )
    return waiting.exists() and not moving.exists()
