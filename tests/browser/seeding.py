"""Items made in a running stack by the builders, all of a test in one process."""

import json

from tests.stack import Stack

SCRIPT = """
import json
from django.contrib.auth.models import User
from django.db import transaction
from agents.models import Category
from review.wake import announce
from tests.builders import make_item, make_result
reviewer = User.objects.get(username="reviewer")
queues = reviewer.queues.values_list("slug", flat=True)
category = Category.objects.filter(queue__in=queues, is_high_stakes=False).first()
result = make_result(category=category.slug, queue=category.queue)
with transaction.atomic():  # or the workers would take the runs
    items = [make_item(result, subject=subject, external_id=subject) for subject in {subjects!r}]
announce(items[0].queue_id)
print(json.dumps([item.pk for item in items]))
"""


def seed_items(stack: Stack, *subjects: str) -> list[int]:
    """Return the ids of new open items of one category that the reviewer sees."""
    printed = stack.manage("shell", "--no-imports", "-c", SCRIPT.format(subjects=subjects))
    ids: list[int] = json.loads(printed.splitlines()[-1])
    return ids
