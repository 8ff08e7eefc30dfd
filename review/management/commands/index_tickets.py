"""Make the tickets of before findable by what their customers asked."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction
from tqdm import tqdm

from review.models import Ticket
from review.similar import index_tickets

BATCH = 200


class Command(BaseCommand):
    help = (
        "Store a vector for each ticket that has been before a person and has none, so that items "
        "show similar past tickets. Run it again after an interruption: what is there stays."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        tickets = Ticket.objects.filter(items__isnull=False, vector=None).distinct().order_by("pk")
        done, last = 0, 0
        with tqdm(total=tickets.count(), desc="Tickets", leave=False, disable=None) as bar:
            while batch := list(tickets.filter(pk__gt=last)[:BATCH]):
                with transaction.atomic():
                    index_tickets(batch)
                done, last = done + len(batch), batch[-1].pk
                bar.update(len(batch))
        self.stdout.write(f"{done} tickets indexed.")
