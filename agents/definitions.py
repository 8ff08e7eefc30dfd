"""An agent's definition: what it is for, and where two of them differ. Pure.

What a definition does not say is left as it is: only what both say is compared.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any

LABELS = {
    "name": "Name",
    "job": "Job",
    "metric": "Success metric",
    "measure": "Computed from",
    "does": "What it does",
    "does_not": "What it does not do",
    "fallback_queue": "Queue of what fits no category",
    "owner": "Owner",
    "categories": "Categories",
}


@dataclass(frozen=True, kw_only=True)
class CategoryDefinition:
    """A kind of request, and the queue it belongs to."""

    slug: str
    name: str
    description: str
    queue: str
    guidance: str = ""
    is_high_stakes: bool = False


@dataclass(frozen=True, kw_only=True)
class Definition:
    """What an agent is for. None: the file does not say.

    owner: a user name. status: what it begins as where it comes with a release. demo_only: comes
    only with the demo.
    """

    slug: str
    name: str
    job: str = ""
    metric: str = ""
    measure: str = "drafts"
    does: tuple[str, ...] = ()
    does_not: tuple[str, ...] = ()
    fallback_queue: str | None = None
    owner: str | None = None
    categories: tuple[CategoryDefinition, ...] | None = None
    status: str = "live"
    demo_only: bool = False


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A field in which two definitions differ, and what each says."""

    field: str
    label: str
    before: str
    after: str


def differences(before: Definition, after: Definition) -> list[Difference]:
    """Return where the second says something else than the first, of what it says at all."""
    found = []
    for field, label in LABELS.items():
        old, new = getattr(before, field), getattr(after, field)
        if new is None or field == "categories" or (old or "") == (new or ""):
            continue
        if isinstance(old, tuple) and isinstance(new, tuple):
            old, new = _apart(old, new)
        found.append(Difference(field=field, label=label, before=_shown(old), after=_shown(new)))
    return [*found, *_category_differences(before.categories or (), after.categories)]


def _category_differences(
    before: Sequence[CategoryDefinition], after: Sequence[CategoryDefinition] | None
) -> Iterator[Difference]:
    known = {category.slug: category for category in before}
    for category in after or ():
        old = known.get(category.slug)
        if old == category:
            continue
        changed = [
            one.name for one in fields(category) if not old or _differs(old, category, one.name)
        ]
        yield Difference(
            field="categories",
            label=f"Category {category.slug}",
            before="\n".join(f"{name}: {getattr(old, name)}" for name in changed) if old else "",
            after="\n".join(f"{name}: {getattr(category, name)}" for name in changed),
        )


def _differs(one: CategoryDefinition, other: CategoryDefinition, name: str) -> bool:
    return bool(getattr(one, name) != getattr(other, name))


def _apart(old: tuple[str, ...], new: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the sentences that only one side has; all of both where only their order differs."""
    gone = tuple(sentence for sentence in old if sentence not in new)
    added = tuple(sentence for sentence in new if sentence not in old)
    return (gone, added) if gone or added else (old, new)


def _shown(value: Any) -> str:
    return "\n".join(value) if isinstance(value, tuple) else str(value or "")
