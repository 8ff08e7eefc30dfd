"""How the console tells what became of a delivery."""

from django import template

from review import timeline_words
from review.models import AuditEntry

register = template.Library()


@register.filter
def happened(entry: AuditEntry) -> str:
    """Return the audit entry's sentence, with what was noted or said."""
    sentence = timeline_words.of_entry(entry.action, entry.actor_name, {})
    noted = entry.detail.get("detail")
    return f"{sentence}: {noted}" if noted else sentence
