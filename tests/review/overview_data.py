"""A past in bulk, for the overview: rows as the domain leaves them, written by SQL at set times.

The domain's own functions take seconds for a hundred tickets, and `created_at` takes no past.
"""

from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import connection

from tests.builders import make_agent

CATEGORIES = ("delivery", "invoice", "returns", "vouchers", "repairs", "account", "oos")

# One row a ticket: when, about what, how it ended. Vouchers change a week before the end.
TICKETS = """
CREATE TEMPORARY TABLE past ON COMMIT DROP AS
SELECT n, gen_random_uuid() AS key,
    at, (%(categories)s::text[])[1 + floor(power(random(), 1.6) * 7)::int] AS category,
    at + interval '40 minutes' * (-ln(1 - random() * 0.999)) AS decided_at,
    random() AS luck, 0.2 + random() * random() * 3 AS ran_s,
    CASE WHEN random() < 0.01 THEN 'timeout' ELSE '' END AS error_type
FROM (
    SELECT n, %(end)s::timestamptz - interval '1 day' * %(days)s * n / %(items)s
        - interval '1 hour' AS at
    FROM generate_series(1, %(items)s) AS n
) AS tick
"""
FILL = """
ALTER TABLE past ADD bad boolean;
UPDATE past SET bad = luck > CASE
    WHEN category = 'vouchers' AND at > %(end)s::timestamptz - interval '6 days' THEN 0.45
    WHEN category = 'repairs' THEN 0.7 ELSE 0.86 END;
INSERT INTO review_source (slug, name, webhook_url, webhook_secret, is_demo)
    VALUES ('past', 'Past', '', '', false) ON CONFLICT DO NOTHING;
INSERT INTO review_customer (email, name, created_at)
    VALUES ('past@customer.example', 'Robin Past', %(end)s) ON CONFLICT DO NOTHING;
INSERT INTO agents_runpayload (id, content, created_at) SELECT 1000000 + n, '{}', at FROM past;
INSERT INTO review_reviewpayload (id, content, created_at) SELECT 1000000 + n, '{}', at FROM past;
INSERT INTO review_ticket (id, source_id, external_id, request_digest, customer_id, subject, status,
        queue_id, category, last_seq, customer_seq, received_at, created_at)
    SELECT 1000000 + n, (SELECT id FROM review_source WHERE slug = 'past'), 'past-' || n, '',
        (SELECT id FROM review_customer WHERE email = 'past@customer.example'), 'Ticket ' || n,
        'answered', (SELECT id FROM review_queue WHERE slug = 'orders'), category, 1, 1, at, at
    FROM past;
INSERT INTO agents_run (id, agent_id, environment, status, input_id, input_digest, result_id,
        result_digest, error_type, error_message, trace_id, created_at, due_at, started_at,
        heartbeat_at, finished_at, attempts)
    SELECT 1000000 + n, (SELECT id FROM agents_agent WHERE slug = 'triage'), 'live',
        CASE WHEN error_type = '' THEN 'done' ELSE 'failed' END, 1000000 + n, '', 1000000 + n, '',
        error_type, '', replace(key::text, '-', ''), at, at, at + interval '0.1 s',
        at, at + interval '0.1 s' + interval '1 s' * ran_s, 1
    FROM past;
INSERT INTO agents_step (run_id, key, kind, attempt, started_at, finished_at, result_id,
        result_digest, tier, model, prompt_version, input_tokens, output_tokens, pricing, cost_usd)
    SELECT 1000000 + n, step.key, step.kind, 1, at, at + interval '0.3 s', 1000000 + n, '',
        CASE WHEN step.kind = 'model' THEN 1 END,
        CASE WHEN step.kind = 'model' THEN 'test/model' ELSE '' END,
        CASE WHEN step.kind = 'model' THEN 'triage/x@1' ELSE '' END,
        CASE WHEN step.kind = 'model' THEN 900 END, CASE WHEN step.kind = 'model' THEN 90 END,
        CASE WHEN step.kind = 'model' THEN %(pricing)s ELSE '' END,
        CASE WHEN step.kind = 'model' AND %(pricing)s = 'priced' THEN 0.0012
             WHEN step.kind = 'model' AND %(pricing)s = 'local' THEN 0 END
    FROM past, (VALUES ('extract', 'model'), ('classify', 'model'), ('draft', 'model'),
        ('recall', 'retrieval'), ('route', 'decision'), ('check', 'check')) AS step (key, kind);
INSERT INTO observability_span (day, trace_id, span_id, parent_span_id, name, started_at, ended_at,
        status, error_type, attributes)
    SELECT (at AT TIME ZONE 'UTC')::date, replace(key::text, '-', ''), lpad(to_hex(i), 16, '0'),
        '', 'chat', at, at + interval '0.3 s', 'ok', '', jsonb_build_object(
            'countersign.run.id', 1000000 + n, 'countersign.attempts',
            CASE WHEN luck < 0.01 AND i = 1
                THEN '[{"model": "test/first", "error_type": "rate_limited"}, {"error_type": ""}]'
                ELSE '[{"model": "test/model", "error_type": ""}]' END::jsonb)
    FROM past, generate_series(1, 6) AS i;
INSERT INTO review_ticketrun (ticket_id, run_id, upto_seq, settled_at)
    SELECT 1000000 + n, 1000000 + n, 1, at FROM past;
INSERT INTO review_reviewitem (id, ticket_id, run_id, queue_id, status, upto_seq, proposal_id,
        digest, revision, reasons, category, priority, is_escalated, opened_at, decided_at, kind,
        reason_codes, is_correction, needs_second, clock_started_at, due_at)
    SELECT 1000000 + n, 1000000 + n, 1000000 + n,
        (SELECT id FROM review_queue WHERE slug = 'orders'),
        CASE WHEN decided_at < %(end)s THEN 'decided' ELSE 'open' END, 1, 1000000 + n, '', 1,
        '[{"code": "not_trusted", "text": "Every reply is countersigned."}]', category, 1, false,
        at, CASE WHEN decided_at < %(end)s THEN decided_at END, 'draft', '{not_trusted}', false,
        false, at, at + interval '8 hours'
    FROM past;
DELETE FROM past WHERE decided_at >= %(end)s;
INSERT INTO review_assessment (id, item_id, revision, action, reviewer_id, kind, digest, category,
        reason, created_at)
    SELECT 1000000 + n, 1000000 + n, 1, 0, %(reviewer)s, 'approve', '', category, '', decided_at
    FROM past;
INSERT INTO review_verdict (id, item_id, revision, action, kind, assessment_id, reviewer_id,
        proposed_id, proposed_digest, final_id, final_digest, edit_operations, words_kept_ratio,
        succeeded, reason, created_at)
    SELECT 1000000 + n, 1000000 + n, 1, 0, CASE WHEN is_rejected THEN 'reject' ELSE 'edit' END,
        1000000 + n, %(reviewer)s, 1000000 + n, '',
        CASE WHEN NOT is_rejected THEN 1000000 + n END, '',
        CASE WHEN NOT is_rejected THEN CASE WHEN bad THEN 3 + floor(luck * 5) ELSE 1 END END,
        CASE WHEN NOT is_rejected THEN CASE WHEN bad THEN 0.4 ELSE 0.93 END END,
        CASE WHEN category <> 'oos' THEN NOT bad END, '', decided_at
    FROM past, LATERAL (SELECT luck > 0.98 AS is_rejected) _;
INSERT INTO review_delivery (verdict_id, ticket_id, channel, state, idempotency_key, due_at,
        attempts, sent_at, detail, created_at)
    SELECT 1000000 + n, 1000000 + n, 'record', 'sent', 'past-' || n, decided_at, 1,
        decided_at + interval '12 s', '', decided_at
    FROM past WHERE luck <= 0.98;
"""


def make_past(
    reviewer: User, end: datetime, *, items: int, days: int = 56, pricing: str = "priced"
) -> None:
    """Write tickets that came in evenly over the days up to `end`, with all that hangs on them.

    Most were decided within some hours; the last ones are still open. A week before the end,
    drafts about vouchers turn worse.
    """
    agent = make_agent()
    for slug in CATEGORIES[2:-1]:
        agent.categories.get_or_create(
            slug=slug, defaults={"name": slug.title(), "description": slug, "queue": "orders"}
        )
    values: dict[str, Any] = {
        "end": end,
        "days": days,
        "items": items,
        "categories": list(CATEGORIES),
        "reviewer": reviewer.pk,
        "pricing": pricing,
    }
    with connection.cursor() as cursor:
        cursor.execute("SELECT setseed(0.42)")
        for statement in (TICKETS, *FILL.split(";\n")):
            if statement.strip():
                cursor.execute(statement, values)
        cursor.execute("ANALYZE")
