"""When a queue is open: the hours in which the time to a reply counts."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from review.models.tickets import Queue


class BusinessHours(models.Model):
    """A stretch of a weekday, in the queue's time zone. A queue without any is always open."""

    queue = models.ForeignKey(Queue, on_delete=models.CASCADE, related_name="business_hours")
    weekday = models.PositiveSmallIntegerField(help_text="0 is Monday.")
    opens_at = models.TimeField()
    closes_at = models.TimeField(help_text="00:00 is the end of the day.")

    class Meta:
        ordering: ClassVar = ["queue", "weekday", "opens_at"]
        verbose_name_plural = "business hours"
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(weekday__lte=6), name="weekday_known"),
            models.CheckConstraint(
                condition=Q(closes_at__gt=F("opens_at")) | Q(closes_at="00:00"),
                name="closes_after_it_opens",
            ),
            models.UniqueConstraint(
                fields=["queue", "weekday", "opens_at"], name="business_hours_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.queue_id} {self.weekday} {self.opens_at}-{self.closes_at}"


class Holiday(models.Model):
    """A day on which the queue is closed."""

    queue = models.ForeignKey(Queue, on_delete=models.CASCADE, related_name="holidays")
    day = models.DateField()
    name = models.CharField(max_length=80, blank=True)

    class Meta:
        ordering: ClassVar = ["queue", "day"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["queue", "day"], name="holiday_once")
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.name}"
