"""Agents that were there before they had a status were live."""

from django.db import migrations


def make_live(apps, schema_editor):
    agents = apps.get_model("agents", "Agent").objects.using(schema_editor.connection.alias)
    agents.exclude(job="").exclude(metric="").update(status="live")


class Migration(migrations.Migration):
    dependencies = [("agents", "0004_trust")]

    operations = [migrations.RunPython(make_live, migrations.RunPython.noop)]
