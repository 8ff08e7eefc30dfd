"""The overview's counts, one lean statement each. Whoever asks may see every queue.

A verdict counts while it is in force: it is of its decided item's revision, and its delivery was
not undone. A category is the ticket's: what a reviewer said it is, else what the agent said.
"""

import json
from datetime import UTC, datetime
from typing import Any, TypeVar

from django.conf import settings
from django.db import connection
from django.utils import timezone

from agents.calibration import LEAST_LABELS
from agents.models import Calibration, TierVersion
from agents.tiers import is_embedded, tier_of
from agents.triage import agent as triage
from agents.versions import prompt_in_force
from review.overview.counts import (
    Calls,
    Decided,
    Errors,
    Received,
    Replies,
    Runs,
    Standing,
    Uncalibrated,
)
from review.overview.period import Period, midnight

RowT = TypeVar("RowT")


def decided(period: Period) -> list[Decided]:
    """Return the verdicts in force since the period's history began, by day and category."""
    return _rows(
        Decided,
        """
        SELECT (item.decided_at AT TIME ZONE %(zone)s)::date, ticket.category, count(*),
            count(verdict.succeeded),
            count(*) FILTER (WHERE verdict.succeeded),
            count(*) FILTER (WHERE verdict.kind <> 'reject' AND item.kind = 'draft'),
            count(verdict.succeeded) FILTER (WHERE verdict.kind <> 'reject'),
            count(verdict.succeeded) FILTER (
                WHERE verdict.edit_operations < 3 AND NOT item.is_correction
            ),
            count(*) FILTER (WHERE verdict.succeeded AND verdict.kind <> 'reject')
        FROM review_reviewitem item
        JOIN review_verdict verdict ON verdict.item_id = item.id AND verdict.action = 0
            AND verdict.revision = item.revision
        JOIN review_ticket ticket ON ticket.id = item.ticket_id
        WHERE item.status = 'decided'
            AND item.decided_at >= %(history)s AND item.decided_at < %(end)s
            AND NOT EXISTS (
                SELECT FROM review_delivery delivery
                WHERE delivery.verdict_id = verdict.id AND delivery.state = 'undone'
            )
        GROUP BY 1, 2
        """,
        period,
    )


def received(period: Period) -> list[Received]:
    """Return the tickets since the period's history began, by day and category."""
    return _rows(
        Received,
        """
        SELECT (received_at AT TIME ZONE %(zone)s)::date, category, count(*)
        FROM review_ticket WHERE received_at >= %(history)s AND received_at < %(end)s
        GROUP BY 1, 2
        """,
        period,
    )


def replies(period: Period) -> list[Replies]:
    """Return what left in the period and in the one before it, by category and in all."""
    return _rows(
        Replies,
        """
        WITH reply AS (
            SELECT ticket.category, delivery.sent_at >= %(start)s AS is_now,
                extract(epoch FROM item.decided_at - item.opened_at) AS person_s,
                CASE WHEN NOT EXISTS (
                    SELECT FROM review_delivery earlier
                    WHERE earlier.ticket_id = delivery.ticket_id AND earlier.state = 'sent'
                        AND earlier.kind = 'reply'
                        AND earlier.sent_at < delivery.sent_at
                ) THEN extract(epoch FROM delivery.sent_at - ticket.received_at) END AS first_s
            FROM review_delivery delivery
            JOIN review_ticket ticket ON ticket.id = delivery.ticket_id
            JOIN review_verdict verdict ON verdict.id = delivery.verdict_id
            JOIN review_reviewitem item ON item.id = verdict.item_id
            WHERE delivery.state = 'sent' AND delivery.kind = 'reply'
                AND delivery.sent_at >= %(previous)s AND delivery.sent_at < %(end)s
        )
        SELECT category, is_now, count(*), count(first_s),
            percentile_cont(0.5) WITHIN GROUP (ORDER BY first_s),
            percentile_cont(0.9) WITHIN GROUP (ORDER BY first_s),
            percentile_cont(0.5) WITHIN GROUP (ORDER BY person_s)
        FROM reply GROUP BY GROUPING SETS ((category, is_now), (is_now))
        """,
        period,
    )


def runs(period: Period) -> list[Runs]:
    """Return the runs that ended, by day for the charts, and over the period."""
    return _rows(
        Runs,
        """
        WITH ended AS (
            SELECT id, status, finished_at >= %(start)s AS is_now,
                (finished_at AT TIME ZONE %(zone)s)::date AS day,
                CASE WHEN status = 'done'
                    THEN extract(epoch FROM finished_at - started_at) END AS ran_s,
                extract(epoch FROM started_at - due_at) AS waited_s
            FROM agents_run
            WHERE status IN ('done', 'failed') AND shadow_of_id IS NULL
                AND finished_at >= %(charts)s AND finished_at < %(end)s
        )
        SELECT day, count(*), count(*) FILTER (WHERE status = 'failed'),
            percentile_cont(0.5) WITHIN GROUP (ORDER BY ran_s),
            percentile_cont(0.95) WITHIN GROUP (ORDER BY ran_s),
            percentile_cont(0.99) WITHIN GROUP (ORDER BY ran_s),
            percentile_cont(0.5) WITHIN GROUP (ORDER BY greatest(0, waited_s)),
            percentile_cont(0.95) WITHIN GROUP (ORDER BY greatest(0, waited_s)),
            (array_agg(id ORDER BY ran_s DESC NULLS LAST))[1]
        FROM ended GROUP BY GROUPING SETS ((day), (is_now)) HAVING day IS NOT NULL OR is_now
        """,
        period,
    )


def errors(period: Period) -> list[Errors]:
    """Return what failed in the period by kind, most frequent first."""
    return _rows(
        Errors,
        """
        SELECT false, error_type, count(*), max(id) FROM agents_run
        WHERE status = 'failed' AND finished_at >= %(start)s AND finished_at < %(end)s
            AND shadow_of_id IS NULL
        GROUP BY error_type
        UNION ALL
        SELECT true, tried.error_type #>> '{}', count(*),
            max(CASE WHEN jsonb_typeof(span.attributes -> 'countersign.run.id') = 'number'
                THEN (span.attributes ->> 'countersign.run.id')::bigint END)
        FROM observability_span span, jsonb_path_query(
            span.attributes,
            '$."countersign.attempts"[*] ? (@.error_type != "" && !(@.is_skipped == true))'
            '.error_type'
        ) AS tried (error_type)
        WHERE span.day >= %(start_day)s AND span.day <= %(end_day)s AND span.status = 'ok'
            AND span.started_at >= %(start)s AND span.started_at < %(end)s
            AND NOT EXISTS (
                SELECT FROM agents_run run
                WHERE run.trace_id = span.trace_id AND run.shadow_of_id IS NOT NULL
            )
        GROUP BY 2
        ORDER BY 1, 3 DESC
        """,
        period,
    )


def calls(period: Period) -> list[Calls]:
    """Return the period's model calls by category of their ticket."""
    return _rows(
        Calls,
        """
        WITH call AS (
            SELECT run_id, count(*) AS calls, sum(cost_usd) AS cost_usd,
                count(*) FILTER (WHERE pricing = 'local') AS local,
                count(*) FILTER (WHERE pricing = 'unpriced') AS unpriced
            FROM agents_step
            JOIN agents_run run ON run.id = run_id AND run.shadow_of_id IS NULL
            WHERE kind = 'model' AND agents_step.finished_at >= %(start)s
                AND agents_step.finished_at < %(end)s
            GROUP BY run_id
        )
        SELECT coalesce(ticket.category, ''), sum(call.calls)::bigint, sum(call.local)::bigint,
            sum(call.unpriced)::bigint, coalesce(sum(call.cost_usd), 0)::float8
        FROM call
        LEFT JOIN review_ticketrun link ON link.run_id = call.run_id
        LEFT JOIN review_ticket ticket ON ticket.id = link.ticket_id
        GROUP BY 1
        """,
        period,
    )


def standing(now: datetime) -> Standing:
    """Return what is so now."""
    (row,) = _select(
        """
        SELECT (SELECT coalesce(jsonb_object_agg(slug, name), '{}') FROM agents_category),
            item.waiting, item.over_a_day, item.oldest_id, item.oldest_at, item.over_time,
            delivery.failed, delivery.unknown, delivery.overdue,
            run.overdue, least(run.overdue_since, delivery.overdue_since),
            recent.moving, recent.failed, recent.ended, recent.failed_before, recent.ended_before,
            EXISTS (SELECT FROM review_reviewitem WHERE status = 'decided')
        FROM
            (SELECT count(*) AS waiting,
                count(*) FILTER (WHERE opened_at < %(now)s - interval '1 day') AS over_a_day,
                (array_agg(id ORDER BY opened_at, id))[1] AS oldest_id,
                min(opened_at) AS oldest_at,
                count(*) FILTER (WHERE due_at < %(now)s) AS over_time
            FROM review_reviewitem WHERE status = 'open') item,
            (SELECT count(*) FILTER (WHERE state = 'failed') AS failed,
                count(*) FILTER (WHERE state = 'unknown') AS unknown,
                count(*) FILTER (WHERE state = 'due') AS overdue,
                min(due_at) FILTER (WHERE state = 'due') AS overdue_since
            FROM review_delivery
            WHERE state IN ('failed', 'unknown')
                OR state = 'due' AND due_at < %(now)s - interval '1 minute') delivery,
            (SELECT count(*) AS overdue, min(due_at) AS overdue_since
            FROM agents_run
            WHERE status = 'queued' AND shadow_of_id IS NULL
                AND due_at < %(now)s - interval '1 minute') run,
            (SELECT coalesce(bool_or(
                    heartbeat_at > %(now)s - interval '1 minute'
                    OR finished_at > %(now)s - interval '1 minute'), false) AS moving,
                count(*) FILTER (WHERE is_live AND is_late AND status = 'failed') AS failed,
                count(*) FILTER (WHERE is_live AND is_late) AS ended,
                count(*) FILTER (WHERE is_live AND NOT is_late AND status = 'failed')
                    AS failed_before,
                count(*) FILTER (WHERE is_live AND NOT is_late) AS ended_before
            FROM agents_run, LATERAL (SELECT finished_at > %(now)s - interval '1 day' AS is_late,
                shadow_of_id IS NULL AS is_live) _
            WHERE status = 'running' OR status IN ('done', 'failed')
                AND finished_at > %(now)s - interval '29 days') recent
        """,
        {"now": now},
    )
    names, *counts = row
    return Standing(json.loads(names), *counts)


def uncalibrated() -> list[Uncalibrated]:
    """Return the models that classify tickets with a confidence not yet held against labels."""
    tier = TierVersion.objects.filter(
        environment=settings.ENVIRONMENT, tier=tier_of("classify"), is_live=True
    ).first()
    models = [model for model in (tier.models if tier else ()) if not is_embedded(model)]
    if tier is None or not models:
        return []
    version = prompt_in_force(triage.NAME, "classify", settings.ENVIRONMENT).version
    known = dict(
        Calibration.objects.filter(model__in=models, prompt_version=version).values_list(
            "model", "labels"
        )
    )
    return [
        Uncalibrated(tier=tier.tier, model=model, labels=labels, needed=LEAST_LABELS)
        for model in models
        if (labels := known.get(model, 0)) < LEAST_LABELS
    ]


def _rows(kind: type[RowT], sql: str, period: Period) -> list[RowT]:
    values = {
        "zone": timezone.get_default_timezone_name(),
        "start": period.start,
        "end": period.end,
        # Spans are partitioned by their day in UTC.
        "start_day": period.start.astimezone(UTC).date(),
        "end_day": period.end.astimezone(UTC).date(),
        "previous": midnight(period.previous_first, period.zone),
        "history": midnight(period.history_first, period.zone),
        "charts": midnight(period.shown_first, period.zone),
    }
    return [kind(*row) for row in _select(sql, values)]


def _select(sql: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows
