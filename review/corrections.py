"""What a reviewer put right beside the text: category, queue, extracted fields, and why.

A correction becomes a label. What stands as the agent proposed it is no statement of anybody's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from django.contrib.auth.models import User
from django.db import models

from agents.evals.labels import GroundTruth, give_label
from agents.evals.models import Label
from agents.results import RunResult
from review import audit
from review.errors import UnknownQueue
from review.models import Queue, ReviewItem, Verdict

MOST_VALUES = 20
LONGEST_VALUE = 80


class EditReason(models.TextChoices):
    """Why a draft was edited, in the order of their keys."""

    TONE = "tone", "Tone"
    FACT = "fact", "Wrong fact"
    POLICY = "policy", "Policy"
    MISSING = "missing_information", "Missing information"
    QUEUE = "wrong_queue", "Wrong queue"
    LONG = "too_long", "Too long"
    OTHER = "other", "Other"


@dataclass(frozen=True, kw_only=True)
class Fields:
    """What was read off the conversation. language: ISO 639-1."""

    order_numbers: Sequence[str] = ()
    products: Sequence[str] = ()
    language: str = "en"
    urgency: str = "normal"

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> Self:
        """Return the fields of an extraction or of what was saved; what is missing stays plain."""
        return cls(
            order_numbers=tuple(map(str, found.get("order_numbers") or ())),
            products=tuple(map(str, found.get("products") or ())),
            language=str(found.get("language") or "en"),
            urgency=str(found.get("urgency") or "normal"),
        )

    def as_json(self) -> dict[str, Any]:
        """Return them as a label holds them."""
        return {
            "order_numbers": list(self.order_numbers),
            "products": list(self.products),
            "language": self.language,
            "urgency": self.urgency,
        }


@dataclass(frozen=True, kw_only=True)
class Corrections:
    """What stood in the form's choices. Empty, and None for the fields, where it held none."""

    category: str = ""
    queue: str = ""
    fields: Fields | None = None
    edit_reason: str = ""

    def changed(self, item: ReviewItem, found: Fields | None) -> dict[str, Any]:
        """Return, as JSON, what differs from the item as it was proposed.

        found: the fields that the agent read, None where it read none.
        """
        differing: dict[str, Any] = {}
        if self.category and self.category != item.category:
            differing["category"] = self.category
        if self.queue and self.queue != item.queue.slug:
            differing["queue"] = self.queue
        if self.fields is not None and self.fields != found:
            differing["fields"] = self.fields.as_json()
        if self.edit_reason:
            differing["edit_reason"] = self.edit_reason
        return differing


NOTHING_CORRECTED = Corrections()
NAMES = {
    Label.Task.CLASSIFY: "category",
    Label.Task.ROUTE: "queue",
    Label.Task.EXTRACT: "fields",
    Label.Task.EDIT_REASON: "edit_reason",
}


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """What the form's choices stand on: as saved, else as the agent proposed it."""

    category: str
    queue: str
    fields: Fields | None
    edit_reason: str


def found_fields(result: RunResult | None) -> Fields | None:
    """Return the fields that the run extracted, None where it did not come that far."""
    return Fields.of(result.fields) if result and result.fields else None


def chosen(item: ReviewItem, result: RunResult | None, saved: Mapping[str, Any]) -> Chosen:
    """Return what the form shows. saved: what `Corrections.changed` gave earlier."""
    return Chosen(
        category=str(saved.get("category") or item.category),
        queue=str(saved.get("queue") or item.queue.slug),
        fields=Fields.of(saved["fields"]) if saved.get("fields") else found_fields(result),
        edit_reason=str(saved.get("edit_reason") or ""),
    )


def give(verdict: Verdict, item: ReviewItem, corrections: Corrections) -> None:
    """Write a label of each thing the reviewer put right, and let the ticket follow its queue.

    The caller holds ticket and item. Raises UnknownQueue.
    """
    changed = differing(item, corrections)
    if "queue" in changed:
        _label(verdict, Label.Task.ROUTE, changed["queue"])
        _reroute(verdict.reviewer, item, changed["queue"])
    if "fields" in changed:
        _label(verdict, Label.Task.EXTRACT, changed["fields"])
    if "edit_reason" in changed and verdict.edit_operations:
        _label(verdict, Label.Task.EDIT_REASON, changed["edit_reason"])


def put_right(item: ReviewItem) -> dict[str, Any]:
    """Return what the item's verdict put right, as `Corrections.changed` gave it."""
    latest = Label.objects.filter(run=item.run, task__in=NAMES, label__isnull=True)
    return {
        NAMES[Label.Task(label.task)]: label.expected.content
        for label in latest.select_related("expected")
        if label.expected is not None and label.expected.content is not None
    }


def say_why(verdict: Verdict, reviewer: User, reason: EditReason) -> None:
    """Write why the reviewer edited, said after the verdict. A later word replaces this one."""
    give_label(
        GroundTruth(
            run=verdict.item.run,
            task=Label.Task.EDIT_REASON,
            expected=str(reason),
            verdict=verdict.kind,
            given_by=reviewer,
        )
    )


def differing(item: ReviewItem, corrections: Corrections) -> dict[str, Any]:
    """Return, as JSON, what differs from what the item's run found."""
    if corrections == NOTHING_CORRECTED:
        return {}
    found = None
    if corrections.fields is not None and item.run.result and item.run.result.content:
        found = found_fields(RunResult.from_json(item.run.result.content))
    return corrections.changed(item, found)


def _label(verdict: Verdict, task: Label.Task, expected: Any) -> None:
    give_label(
        GroundTruth(
            run=verdict.item.run,
            task=task,
            expected=expected,
            verdict=verdict.kind,
            given_by=verdict.reviewer,
        )
    )


def _reroute(reviewer: User, item: ReviewItem, slug: str) -> None:
    queue = Queue.objects.filter(slug=slug).first()
    if queue is None:
        raise UnknownQueue
    if queue.pk != item.ticket.queue_id:
        audit.record(reviewer, "ticket.rerouted", item.ticket, to=slug, was=item.queue.slug)
        item.ticket.queue = queue
        item.ticket.save(update_fields=["queue"])
