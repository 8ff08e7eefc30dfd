from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    dependencies = [("review", "0006_inbox")]
    operations = [
        migrations.AddField(
            model_name="delivery",
            name="kind",
            field=models.CharField(
                choices=[("reply", "Reply"), ("verdict", "Word to the agent")],
                db_default="reply",
                default="reply",
                max_length=10,
            ),
        ),
        migrations.RemoveConstraint(model_name="reviewitem", name="one_open_item_a_ticket"),
        migrations.AddConstraint(
            model_name="reviewitem",
            constraint=models.UniqueConstraint(
                fields=["ticket"],
                condition=Q(status="open", kind="draft"),
                name="one_open_draft_a_ticket",
            ),
        ),
        migrations.AddIndex(
            model_name="verdict",
            index=models.Index("reviewer", F("created_at").desc(), name="verdict_newest"),
        ),
    ]
