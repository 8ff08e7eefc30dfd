"""What waits for a person, as the inbox reads it: a page at a time, whatever waits behind it.

The first rows of each queue are read off an index in the asked order, and these few are merged.
So a page costs the same over a thousand items and over a hundred thousand, also for somebody who
sees one small queue of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.utils import timezone

from observability.rows import Row, ask, columns, instances, relate
from review.inbox_filters import Filters
from review.inbox_order import order_of
from review.inbox_rows import first_ids
from review.models import Customer, Queue, ReviewItem, Ticket, TicketRun

PAGE = 40
SHOWN = (ReviewItem, Ticket, Customer, Queue, User, User)
ROWS = f"""
SELECT {columns(ReviewItem, "item")}, {columns(Ticket, "ticket")}, {columns(Customer, "customer")},
    {columns(Queue, "queue")}, {columns(User, "holder")}, {columns(User, "assignee")},
    (SELECT category.name FROM agents_category category JOIN agents_run run
        ON run.agent_id = category.agent_id WHERE run.id = item.run_id
            AND category.slug = item.category)
FROM review_reviewitem item
JOIN review_ticket ticket ON ticket.id = item.ticket_id
JOIN review_customer customer ON customer.id = ticket.customer_id
JOIN review_queue queue ON queue.id = item.queue_id
LEFT JOIN auth_user holder ON holder.id = item.claimed_by_id AND item.claim_expires_at > %s
LEFT JOIN auth_user assignee ON assignee.id = item.assigned_to_id
JOIN unnest(%s::bigint[]) WITH ORDINALITY asked (id, place) ON asked.id = item.id
ORDER BY asked.place
"""  # noqa: S608 - made of the models' own names


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page of items. after: what to ask the next page with, None on the last."""

    items: Sequence[ReviewItem]
    after: str | None


def open_items(user: User, filters: Filters, *, after: str = "", count: int = PAGE) -> Page:
    """Return the items the person may see under these filters, a page at a time.

    after: `after` of the page before (keyset: an item decided meanwhile shifts nothing); one that
    cannot be read gives the first page.
    """
    order, now = order_of(filters), timezone.now()
    ids = first_ids(user, filters, after=order.past(after), count=count + 1, now=now)
    items = [_row(row) for row in ask(ROWS, [now, ids])]
    is_last = len(items) <= count
    return Page(items=items[:count], after=None if is_last else order.place_of(items[count - 1]))


def being_read() -> int:
    """Return how many tickets the agents are still working on."""
    return TicketRun.objects.filter(settled_at__isnull=True).count()


def _row(row: Row) -> ReviewItem:
    """Return an item with what its row in the list shows."""
    item: ReviewItem
    item, ticket, customer, queue, holder, assignee = instances(row, *SHOWN)
    relate(ticket, customer=customer)
    relate(item, ticket=ticket, queue=queue, assigned_to=assignee)
    item.claimed_by = holder  # nobody where the claim has lapsed
    item.category_name = row[-1]
    return item
