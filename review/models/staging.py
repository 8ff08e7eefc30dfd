"""What a comparison was asked to do, and each live run beside its shadow."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from agents.models import Comparison, Run
from review.models.items import Verdict


class ComparisonOrder(models.Model):
    """How much a comparison does, as it was started. worst_usd: None where a price is unknown."""

    comparison = models.OneToOneField(Comparison, on_delete=models.PROTECT, related_name="order")
    live_wished = models.PositiveIntegerField(
        default=0, help_text="So many tickets of live traffic are repeated, then it is enough."
    )
    skipped_erased = models.PositiveIntegerField(
        default=0, help_text="Decided items passed over because their texts are erased."
    )
    worst_usd = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    live = models.JSONField(
        default=list, help_text="[[kind, id]]: the live versions that it was started beside."
    )
    earlier_live = models.PositiveIntegerField(
        default=0, help_text="Of its items, those that live answered before it last changed."
    )

    def __str__(self) -> str:
        return f"order of comparison {self.comparison_id}"


class ComparedPair(models.Model):
    """A live run and its shadow, measured against what people sent. Derived from them.

    shadow: None until its turn comes. verdict: what counts as right; of live traffic it comes once
    somebody has decided.
    """

    class Standing(models.TextChoices):
        WAITING = "waiting", "Not run yet"
        OPEN = "open", "Not decided yet"
        BETTER = "better", "Better"
        SAME = "same", "The same"
        WORSE = "worse", "Worse"
        REJECTED = "rejected", "Live's draft was rejected"
        ERROR = "error", "Shadow run failed"
        ERASED = "erased", "Erased"

    comparison = models.ForeignKey(
        Comparison, on_delete=models.PROTECT, related_name="pairs", db_index=False
    )
    live_run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="+")
    shadow = models.OneToOneField(Run, on_delete=models.PROTECT, null=True, related_name="pair")
    verdict = models.ForeignKey(Verdict, on_delete=models.PROTECT, null=True, related_name="+")
    is_live_traffic = models.BooleanField(default=False)
    measured_at = models.DateTimeField(null=True, help_text="When its shadow run's end was read.")
    standing = models.CharField(max_length=10, choices=Standing.choices, default=Standing.WAITING)
    badness = models.IntegerField(default=0, help_text="The worse for the candidate, the higher.")
    live = models.JSONField(default=dict, help_text="Figures of the live run; no text.")
    candidate = models.JSONField(default=dict, help_text="Figures of the shadow run; no text.")

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["comparison", "badness", "id"], name="pair_worst"),
            models.Index(
                fields=["comparison", "is_live_traffic", "id"],
                condition=Q(measured_at__isnull=True),
                name="pair_unmeasured",
            ),
            models.Index(fields=["live_run"], condition=Q(standing="open"), name="pair_undecided"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["comparison", "live_run"], name="pair_once"),
        ]

    def __str__(self) -> str:
        return f"run {self.live_run_id} in comparison {self.comparison_id}"
