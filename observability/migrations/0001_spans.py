"""Spans, partitioned by day, and the functions that guard append-only tables."""

import django.db.models.deletion
from django.db import migrations, models

from observability import append_only

SPANS = """
CREATE TABLE observability_span (
    day date NOT NULL,
    trace_id varchar(32) NOT NULL,
    span_id varchar(16) NOT NULL,
    parent_span_id varchar(16) NOT NULL,
    name varchar(200) NOT NULL,
    started_at timestamptz NOT NULL,
    ended_at timestamptz NOT NULL,
    status varchar(8) NOT NULL,
    error_type varchar(40) NOT NULL,
    attributes jsonb NOT NULL,
    payload_id bigint REFERENCES observability_spanpayload (id) DEFERRABLE INITIALLY DEFERRED,
    PRIMARY KEY (day, trace_id, span_id),
    CONSTRAINT span_ends_after_start CHECK (ended_at >= started_at)
) PARTITION BY RANGE (day);
CREATE INDEX span_trace ON observability_span (trace_id, started_at);
-- Catches what arrives for a day that nobody prepared, so that no span is lost.
CREATE TABLE observability_span_other PARTITION OF observability_span DEFAULT;

-- The application may not create tables; this one thing it may.
CREATE FUNCTION make_span_partitions(first date, days integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    d date;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('make_span_partitions'));
    FOR i IN 0 .. least(days, 62) - 1 LOOP
        d := first + i;
        IF to_regclass('observability_span_' || to_char(d, 'YYYYMMDD')) IS NULL
           AND NOT EXISTS (SELECT FROM observability_span_other WHERE day = d) THEN
            EXECUTE format(
                'CREATE TABLE %I PARTITION OF observability_span FOR VALUES FROM (%L) TO (%L)',
                'observability_span_' || to_char(d, 'YYYYMMDD'), d, d + 1
            );
        END IF;
    END LOOP;
END $$;
"""
DROP_SPANS = "DROP FUNCTION make_span_partitions(date, integer); DROP TABLE observability_span;"


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        append_only.functions(),
        migrations.CreateModel(
            name="SpanPayload",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("content", models.JSONField(null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("erased_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={"abstract": False},
        ),
        append_only.erasable(["observability_spanpayload"]),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(SPANS, DROP_SPANS)],
            state_operations=[
                migrations.CreateModel(
                    name="Span",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "day",
                                "trace_id",
                                "span_id",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        (
                            "day",
                            models.DateField(
                                help_text="UTC day the span started; the partition key."
                            ),
                        ),
                        ("trace_id", models.CharField(max_length=32)),
                        ("span_id", models.CharField(max_length=16)),
                        ("parent_span_id", models.CharField(blank=True, max_length=16)),
                        ("name", models.CharField(max_length=200)),
                        ("started_at", models.DateTimeField()),
                        ("ended_at", models.DateTimeField()),
                        (
                            "status",
                            models.CharField(
                                choices=[("ok", "OK"), ("error", "Error")], max_length=8
                            ),
                        ),
                        ("error_type", models.CharField(blank=True, max_length=40)),
                        ("attributes", models.JSONField(default=dict)),
                        (
                            "payload",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                to="observability.spanpayload",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [
                            models.Index(fields=["trace_id", "started_at"], name="span_trace")
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("ended_at__gte", models.F("started_at"))),
                                name="span_ends_after_start",
                            )
                        ],
                    },
                ),
            ],
        ),
    ]
