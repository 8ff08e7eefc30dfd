"""What tickets are found by. Derived from their texts, so a row goes when they are erased."""

from typing import ClassVar

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Q
from pgvector.django import HalfVectorField, HnswIndex

from memory.embeddings import DIMENSIONS
from review.models.tickets import Ticket


class TicketWords(models.Model):
    """The words of a ticket's subject, customer and messages."""

    ticket = models.OneToOneField(
        Ticket, on_delete=models.CASCADE, primary_key=True, related_name="words"
    )
    words = SearchVectorField()

    class Meta:
        verbose_name_plural = "ticket words"
        indexes: ClassVar = [GinIndex(fields=["words"], name="ticket_words")]

    def __str__(self) -> str:
        return f"words of ticket {self.ticket_id}"


class TicketVector(models.Model):
    """What a ticket's customer asks, as a vector of unit length by the static embedder.

    Those whose question a sent reply has answered are what similar tickets are looked for in.
    """

    ticket = models.OneToOneField(
        Ticket, on_delete=models.CASCADE, primary_key=True, related_name="vector"
    )
    vector = HalfVectorField(dimensions=DIMENSIONS)
    is_answered = models.BooleanField(
        default=False, help_text="A countersigned reply to it has been sent."
    )

    class Meta:
        indexes: ClassVar = [
            HnswIndex(
                name="ticket_vector",
                fields=["vector"],
                opclasses=["halfvec_ip_ops"],
                condition=Q(is_answered=True),
            )
        ]

    def __str__(self) -> str:
        return f"vector of ticket {self.ticket_id}"
