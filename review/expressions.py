"""What several reads share: the SQL of a payload's text, of a name, of who sees an item."""

from django.db.models import F, Func, TextField, Value
from django.db.models.functions import Cast, Coalesce, Concat, NullIf, Trim

# As `ReviewItem.objects.visible_to` says it, of a row called item.
SEES_ITEM = """
(%(sees_all)s OR item.assigned_to_id = %(user)s
    OR item.queue_id IN (SELECT queue_id FROM review_queue_members WHERE user_id = %(user)s))
"""
# As a colleague knows somebody, of a row called person.
NAME = "coalesce(nullif(btrim(person.first_name || ' ' || person.last_name), ''), person.username)"


def text_of(content: str) -> Func:
    """Return the expression for the text of a payload's content, which is a JSON string."""
    return Func(F(content), template="(%(expressions)s #>> '{}')", output_field=TextField())


def name_of(person: str) -> Func:
    """Return the expression for the name a colleague knows the person by."""
    full = Trim(Concat(f"{person}__first_name", Value(" "), f"{person}__last_name"))
    return Func(
        Coalesce(
            NullIf(full, Value(""), output_field=TextField()),
            Cast(f"{person}__username", TextField()),
        ),
        template="%(expressions)s",
        output_field=TextField(),
    )
