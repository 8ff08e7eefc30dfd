"""Counting what failed, by kind of error."""

from collections.abc import Iterator

from django.conf import settings
from django.db import connection

from observability.models import FailureCount

COUNT = """
    INSERT INTO observability_failurecount (environment, kind, name, error_type, count)
    VALUES (%s, %s, %s, %s, 1)
    ON CONFLICT (environment, kind, name, error_type)
    DO UPDATE SET count = observability_failurecount.count + 1
"""


def count_failure(
    kind: str, name: str, error_type: str, *, environment: str = settings.ENVIRONMENT
) -> None:
    """Count one failure. kind: model, tool or run; name: of the model, tool or agent."""
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [environment, kind, name[:120], error_type[:40]])


def failure_counts() -> Iterator[FailureCount]:
    """Yield every count, in a stable order."""
    yield from FailureCount.objects.order_by("environment", "kind", "name", "error_type")
