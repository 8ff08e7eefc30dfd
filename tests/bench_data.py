"""Tickets in bulk for `make bench`: written by SQL, spread as a support team's are."""

import psycopg

# Shares of the queues, in percent, in the order of their position: one is large, one small.
SHARES = (40, 25, 15, 10, 8, 2)
REVIEWERS = 8
SOURCE = "bulk"

PREPARE = """
INSERT INTO review_source (slug, name, webhook_url, webhook_secret, is_demo)
VALUES (%(source)s, 'Bulk', '', '', false) ON CONFLICT DO NOTHING;
CREATE TEMPORARY TABLE bulk AS
WITH shares AS (
    SELECT queue.id AS queue_id, share.upto,
        lag(share.upto, 1, 0) OVER (ORDER BY share.upto) AS "from"
    FROM (SELECT id, row_number() OVER (ORDER BY position, id) AS place FROM review_queue) queue
    JOIN (
        SELECT place, sum(share) OVER (ORDER BY place) AS upto
        FROM unnest(%(shares)s::int[]) WITH ORDINALITY AS given(share, place)
    ) share USING (place)
), kinds AS (
    SELECT array_agg(slug ORDER BY slug) AS slugs FROM agents_category
)
SELECT n, shares.queue_id,
    -- Categories fall off: the first is common, the last rare.
    slugs[1 + floor(power((hashint4(n) & 65535) / 65536.0, 2.0) * cardinality(slugs))::int]
        AS category,
    (hashint4(n + 7) & 65535) / 65536.0 AS chance,
    (hashint4(n + 13) & 65535) / 65536.0 AS other,
    now() - make_interval(secs => (hashint4(n + 29) & 1048575) / 2.5) AS opened_at,
    0::bigint AS ticket_id, 0::bigint AS body_id, 0::bigint AS run_id, 0::bigint AS proposal_id
FROM generate_series(%(first)s::int, %(first)s::int + %(count)s::int - 1) n
CROSS JOIN kinds
JOIN shares ON (hashint4(n + 3) & 65535) * 100 / 65536 >= shares."from"
    AND (hashint4(n + 3) & 65535) * 100 / 65536 < shares.upto;
"""
FILL = """
CREATE INDEX ON bulk (n);
INSERT INTO review_customer (email, name, created_at)
SELECT DISTINCT format('person-%%s@bulk.example', n / 4), format('Person %%s', n / 4), now()
FROM bulk
ON CONFLICT DO NOTHING;

UPDATE bulk SET ticket_id = nextval(pg_get_serial_sequence('review_ticket', 'id')),
    body_id = nextval(pg_get_serial_sequence('review_reviewpayload', 'id')),
    proposal_id = nextval(pg_get_serial_sequence('review_reviewpayload', 'id')),
    run_id = nextval(pg_get_serial_sequence('agents_run', 'id'));

INSERT INTO review_ticket (id, source_id, external_id, request_digest, customer_id, subject, status,
    queue_id, category, last_seq, customer_seq, received_at, created_at)
SELECT ticket_id, source.id, 'bulk-' || n, md5(n::text), customer.id,
    format('%%s: order HCW-%%s', category, lpad(n::text, 6, '0')), 'open', queue_id, category, 1, 1,
    opened_at, opened_at
FROM bulk JOIN review_source source ON source.slug = %(source)s
JOIN review_customer customer ON customer.email = format('person-%%s@bulk.example', n / 4);

-- "parcel" is in four of ten messages, a word like "rare417" in one of thousands.
INSERT INTO review_reviewpayload (id, content, created_at)
SELECT body_id, to_jsonb(format(
    E'Hello,\\n\\nmy %%s with the order HCW-%%s came %%s, and %%s rare%%s is missing. I wrote '
    'about it on Monday and nobody has answered. Could you please have a look and tell me?'
    '\\n\\nKind regards\\nPerson %%s',
    CASE WHEN chance < 0.4 THEN 'parcel' ELSE 'delivery' END, lpad(n::text, 6, '0'),
    CASE WHEN other < 0.1 THEN 'damaged' ELSE 'late' END,
    (ARRAY['the lid', 'one cup', 'a filter', 'the invoice'])[1 + n %% 4], n %% 5000, n / 4)),
    opened_at
FROM bulk
UNION ALL
SELECT proposal_id, jsonb_build_object('actions', jsonb_build_array(jsonb_build_object(
    'kind', 'draft', 'text', format(
        E'Hello Person %%s,\\n\\nthank you for writing about your order HCW-%%s. I am sorry that '
        'it came this way. I have asked the warehouse to look for it today, and they will send '
        'what is missing free of charge.\\n\\nKind regards,\\nSupport',
        n / 4, lpad(n::text, 6, '0'))))),
    opened_at
FROM bulk;

INSERT INTO review_ticketwords (ticket_id, words)
SELECT ticket_id, array_to_tsvector(ARRAY(
    SELECT DISTINCT lower(word)
    FROM regexp_split_to_table(format('%%s %%s bulk %%s person %%s bulk example',
        content #>> '{}', category, n, n / 4), '[^[:alnum:]]+') word
    WHERE word <> ''))
FROM bulk JOIN review_reviewpayload body ON body.id = body_id;

INSERT INTO review_message (ticket_id, seq, sender, body_id, digest, redacted, at, created_at)
SELECT ticket_id, 1, 'customer', body_id, md5(n::text), '{}', opened_at, opened_at FROM bulk;

WITH content AS (
    INSERT INTO agents_runpayload (content, created_at) VALUES ('{}', now()) RETURNING id
)
INSERT INTO agents_run (id, agent_id, environment, status, input_id, input_digest, result_id,
    result_digest, error_type, error_message, trace_id, created_at, due_at, finished_at, attempts)
SELECT run_id, agent.id, 'live', 'done', content.id, '', content.id, '', '', '', md5('bulk' || n),
    opened_at, opened_at, opened_at, 1
FROM bulk CROSS JOIN content JOIN agents_agent agent ON agent.slug = 'triage';

INSERT INTO review_ticketrun (ticket_id, run_id, upto_seq, settled_at)
SELECT ticket_id, run_id, 1, opened_at FROM bulk;

INSERT INTO review_reviewitem (ticket_id, run_id, queue_id, status, kind, upto_seq, proposal_id,
    digest, revision, reasons, reason_codes, category, confidence, priority, is_escalated,
    is_correction, needs_second, clock_started_at, due_at, opened_at, snoozed_until)
SELECT ticket_id, run_id, queue_id, 'open', 'draft', 1, proposal_id, md5(n::text), 1,
    jsonb_build_array(jsonb_build_object('code', reason, 'text', 'It came here for: ' || reason)),
    ARRAY[reason], category, CASE WHEN reason <> 'no_draft' THEN greatest(chance, other) END,
    CASE WHEN other < 0.05 THEN 2 WHEN other < 0.85 THEN 1 ELSE 0 END,
    chance < 0.03, false, false, opened_at, opened_at + interval '2 days',
    opened_at, CASE WHEN chance > 0.96 THEN now() + interval '1 day' * other END
FROM bulk CROSS JOIN LATERAL (SELECT CASE
    WHEN other < 0.004 THEN 'no_draft' WHEN chance < 0.5 THEN 'low_confidence' ELSE 'every_item'
END AS reason) why;
"""


def fill(raw: psycopg.Connection, count: int) -> None:
    """Write so many tickets more, each with an open item, and let the planner know of them."""
    with raw.transaction():
        first = raw.execute("SELECT coalesce(max(id), 0) + 1 FROM review_ticket").fetchone()
        raw.execute("DROP TABLE IF EXISTS bulk")
        values = {
            "source": SOURCE,
            "shares": list(SHARES),
            "first": first[0] if first else 1,
            "count": count,
        }
        for statements in (PREPARE, FILL):
            for statement in statements.split(";\n"):
                if statement.strip():
                    raw.execute(statement, values)
    raw.execute("VACUUM ANALYZE")
