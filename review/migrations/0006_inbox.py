"""The inbox's indexes, and the words of the tickets that are here already."""

from typing import Any

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import connections, migrations, models
from django.db.models import F, Q

from review.search import ADD, MOST_WORDS, words_of

BATCH = 500


def index_words(apps: Any, schema_editor: Any) -> None:
    """Make the rows of those that came in before there was a search."""
    db = schema_editor.connection.alias
    tickets = apps.get_model("review", "Ticket").objects.using(db).filter(words__isnull=True)
    bodies = apps.get_model("review", "Message").objects.using(db).select_related("body")
    while batch := list(tickets.select_related("customer").order_by("pk")[:BATCH]):
        texts: dict[int, list[str]] = {
            ticket.pk: [
                ticket.subject,
                ticket.external_id,
                ticket.customer.name,
                ticket.customer.email,
            ]
            for ticket in batch
        }
        for message in bodies.filter(ticket__in=batch):
            texts[message.ticket_id].append(message.body.content or "")
        with connections[db].cursor() as cursor:
            cursor.executemany(
                ADD, [(pk, words_of(found), MOST_WORDS) for pk, found in texts.items()]
            )


class Migration(migrations.Migration):
    dependencies = [
        ("review", "0005_due_at"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="reviewitem",
            name="assigned_to",
            field=models.ForeignKey(
                db_index=False,
                help_text="The one person it was handed to; nobody else is offered it.",
                null=True,
                on_delete=models.PROTECT,
                related_name="assigned_items",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="reviewitem",
            name="claimed_by",
            field=models.ForeignKey(
                db_index=False, null=True, on_delete=models.PROTECT, to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AlterField(
            model_name="reviewitem",
            name="run",
            field=models.ForeignKey(
                db_index=False, on_delete=models.PROTECT, related_name="+", to="agents.run"
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=Q(("state__in", ["failed", "unknown"])),
                fields=["ticket"],
                name="delivery_unclear",
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(fields=["created_at", "id"], name="delivery_newest"),
        ),
        migrations.AlterField(
            model_name="delivery",
            name="state",
            field=models.CharField(
                choices=[
                    ("due", "Waiting to be sent"),
                    ("sending", "Sending"),
                    ("sent", "Sent"),
                    ("unknown", "Unclear whether it was sent"),
                    ("failed", "Not sent"),
                    ("undone", "Undone"),
                    ("given_up", "Given up"),
                ],
                default="due",
                max_length=10,
            ),
        ),
        migrations.RemoveConstraint(model_name="delivery", name="delivery_state_known"),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=Q(
                    (
                        "state__in",
                        ["due", "sending", "sent", "unknown", "failed", "undone", "given_up"],
                    )
                ),
                name="delivery_state_known",
            ),
        ),
        migrations.AddIndex(
            model_name="reviewitem",
            index=models.Index(
                "queue", "due_at", "id", condition=Q(("status", "open")), name="item_due"
            ),
        ),
        migrations.AddIndex(
            model_name="reviewitem",
            index=models.Index(
                "queue",
                F("priority").desc(),
                "opened_at",
                "id",
                condition=Q(("status", "open")),
                name="item_longest",
            ),
        ),
        migrations.AddIndex(
            model_name="reviewitem",
            index=models.Index(
                "queue", "confidence", "id", condition=Q(("status", "open")), name="item_confidence"
            ),
        ),
        migrations.AddIndex(
            model_name="reviewitem",
            index=models.Index(
                "queue",
                F("opened_at").desc(),
                F("id").desc(),
                condition=Q(("status", "open")),
                name="item_newest",
            ),
        ),
        migrations.AddIndex(
            model_name="reviewitem",
            index=models.Index(
                "queue",
                "category",
                F("priority").desc(),
                "due_at",
                "id",
                condition=Q(("status", "open")),
                name="item_category",
            ),
        ),
        migrations.AddIndex(
            model_name="reviewitem",
            index=models.Index(
                "queue",
                "due_at",
                condition=Q(("status", "open"), ("is_escalated", True)),
                name="item_escalated",
            ),
        ),
        migrations.AddIndex(
            model_name="reviewitem",
            index=models.Index(
                "queue",
                "snoozed_until",
                condition=Q(("status", "open"), ("snoozed_until__isnull", False)),
                name="item_snoozed",
            ),
        ),
        migrations.AddIndex(
            model_name="reviewitem",
            index=models.Index(
                "queue",
                "kind",
                condition=Q(("status", "open"), Q(("kind", "draft"), _negated=True)),
                name="item_kind",
            ),
        ),
        migrations.AddIndex(
            model_name="reviewitem",
            index=GinIndex(
                condition=Q(("status", "open")),
                fastupdate=False,
                fields=["reason_codes"],
                name="item_reason",
            ),
        ),
        migrations.AddIndex(
            model_name="reviewitem",
            index=models.Index(
                "claimed_by", condition=Q(("claimed_by__isnull", False)), name="item_claimed"
            ),
        ),
        migrations.AddIndex(
            model_name="reviewitem",
            index=models.Index(
                "assigned_to",
                condition=Q(("assigned_to__isnull", False), ("status", "open")),
                name="item_assigned",
            ),
        ),
        migrations.AddIndex(
            model_name="reviewitem",
            index=models.Index(
                "queue",
                F("decided_at").desc(),
                F("id").desc(),
                condition=Q(("status", "decided")),
                name="item_decided",
            ),
        ),
        migrations.AddIndex(
            model_name="reviewitem",
            index=models.Index(
                "queue",
                F("id").desc(),
                condition=Q(("status", "superseded")),
                name="item_superseded",
            ),
        ),
        migrations.RunPython(index_words, migrations.RunPython.noop),
    ]
