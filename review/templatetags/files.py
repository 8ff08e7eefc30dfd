"""What a page says of a file, by its name."""

from django import template

from review import file_names

register = template.Library()
register.filter("file_kind", file_names.kind)

WARNINGS = {
    "program": "It can run as a program. Open it only if you were expecting it.",
    "macros": "It can run macros. Open it only if you were expecting it.",
    "page": "It can hold scripts. Open it only if you were expecting it.",
}


@register.filter
def file_warning(name: str) -> str:
    """Return what opening the file could set off, empty for what is only looked at."""
    return WARNINGS.get(file_names.risk(name), "")
