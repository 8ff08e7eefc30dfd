"""What the editor's templates write."""

from collections.abc import Mapping, Sequence

from django import template

from review.forms_editor import URGENCIES, language_choices

register = template.Library()
register.filter(language_choices)


@register.filter
def commas(values: Sequence[str]) -> str:
    """Return the values as one line, parted by commas."""
    return ", ".join(values)


@register.simple_tag
def urgencies() -> Sequence[tuple[str, str]]:
    """Return the degrees of urgency by value and word."""
    return URGENCIES


@register.filter
def named(names: Mapping[str, str], slug: str) -> str:
    """Return the category's name, or its slug once it is gone."""
    return names.get(slug, slug)
