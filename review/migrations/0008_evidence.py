import pgvector.django.indexes
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("review", "0007_verdicts")]
    operations = [
        migrations.AddField(
            model_name="ticketvector",
            name="is_answered",
            field=models.BooleanField(
                default=False, help_text="A countersigned reply to it has been sent."
            ),
        ),
        migrations.RemoveIndex(model_name="ticketvector", name="ticket_vector"),
        migrations.AddIndex(
            model_name="ticketvector",
            index=pgvector.django.indexes.HnswIndex(
                condition=models.Q(("is_answered", True)),
                fields=["vector"],
                name="ticket_vector",
                opclasses=["halfvec_ip_ops"],
            ),
        ),
    ]
