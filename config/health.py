"""Is it alive, is it ready, and how much is waiting: for load balancers and Prometheus."""

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, JsonResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from agents.models import Run
from review.api import problem
from review.models import Delivery, ReviewItem
from review.tokens import token_of


@login_not_required
def alive(request: HttpRequest) -> HttpResponse:
    """Answer 200 while the process serves requests."""
    return JsonResponse({"status": "alive"})


@login_not_required
def ready(request: HttpRequest) -> HttpResponse:
    """Answer 200 when the database answers and has every migration, else 503 and why."""
    try:
        executor = MigrationExecutor(connection)
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return JsonResponse({"status": "waiting", "detail": "The database is away."}, status=503)
    if pending:
        detail = f"{len(pending)} migrations are to be applied: run manage.py prepare."
        return JsonResponse({"status": "waiting", "detail": detail}, status=503)
    return JsonResponse({"status": "ready"})


@login_not_required
def metrics(request: HttpRequest) -> HttpResponse:
    """Return gauges in Prometheus' text format, for a token with the scope `read`."""
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
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
