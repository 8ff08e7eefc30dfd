from django.db import migrations

# An item without a promise gets what its queue promises now, counted round the clock.
FILL = """
UPDATE review_reviewitem item SET
    clock_started_at = item.opened_at,
    due_at = item.opened_at + make_interval(mins => CASE item.priority
        WHEN 2 THEN queue.target_urgent_min
        WHEN 0 THEN queue.target_low_min
        ELSE queue.target_normal_min END),
    reason_codes = ARRAY(
        SELECT left(reason ->> 'code', 60) FROM jsonb_array_elements(item.reasons) reason
    )
FROM review_queue queue WHERE queue.id = item.queue_id
"""


class Migration(migrations.Migration):
    dependencies = [("review", "0003_console")]
    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
