"""What else a customer has written, as far as the person who reads it may see it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from review.expressions import NAME, SEES_ITEM
from review.models import Ticket

SHOWN = 5
# An address that a shop's own form writes from may have any number of tickets.
MOST_COUNTED = 200
FIRST_WORDS = 120

# A JSON object of a customer's newest tickets besides one: {total, seen, since, tickets}.
FOUND = f"""
WITH other AS (
    SELECT ticket.*, (
        SELECT max(item.id) FROM review_reviewitem item
        WHERE item.ticket_id = ticket.id AND {SEES_ITEM}
    ) AS item_id
    FROM (
        SELECT id, subject, status, category, received_at FROM review_ticket
        WHERE customer_id = %(customer)s AND id <> %(ticket)s ORDER BY id DESC LIMIT {MOST_COUNTED}
    ) ticket
)
SELECT jsonb_build_object(
    'total', count(*), 'seen', count(item_id), 'since', min(received_at), 'tickets', (
        SELECT coalesce(jsonb_agg(to_jsonb(shown) ORDER BY received_at DESC, id DESC), '[]') FROM (
            SELECT newest.*, reply.words, reply.by FROM (
                SELECT * FROM other WHERE item_id IS NOT NULL
                ORDER BY received_at DESC, id DESC LIMIT {SHOWN}
            ) newest
            LEFT JOIN LATERAL (
                SELECT left(final.content #>> '{{}}', {FIRST_WORDS}) AS words, {NAME} AS by
                FROM review_delivery delivery
                JOIN review_verdict verdict ON verdict.id = delivery.verdict_id
                JOIN review_reviewpayload final ON final.id = verdict.final_id
                JOIN auth_user person ON person.id = verdict.reviewer_id
                WHERE delivery.ticket_id = newest.id
                    AND delivery.state = 'sent' AND delivery.kind = 'reply'
                ORDER BY delivery.id DESC LIMIT 1
            ) reply ON true
        ) shown
    )
) FROM other
"""  # noqa: S608 - made of constants


@dataclass(frozen=True, kw_only=True)
class Earlier:
    """Another ticket of the customer. words, by: of the last reply to it, empty without one."""

    item_id: int
    subject: str
    status: str
    category: str
    at: datetime
    words: str
    by: str


@dataclass(frozen=True, kw_only=True)
class History:
    """A customer's tickets: the newest that may be seen, and how many there are.

    others: those of queues the person does not see. since: when the first of them came in.
    is_capped: whether there are more than were counted.
    """

    tickets: Sequence[Earlier]
    others: int
    total: int
    since: datetime | None
    is_capped: bool


def history(found: Mapping[str, Any]) -> History:
    """Return a customer's history from its JSON."""
    return History(
        tickets=[_earlier(row) for row in found["tickets"]],
        others=found["total"] - found["seen"],
        total=found["total"],
        since=datetime.fromisoformat(found["since"]) if found["since"] else None,
        is_capped=found["total"] == MOST_COUNTED,
    )


def _earlier(row: Mapping[str, Any]) -> Earlier:
    return Earlier(
        item_id=row["item_id"],
        subject=row["subject"],
        status=Ticket.Status(row["status"]).label,
        category=row["category"],
        at=datetime.fromisoformat(row["received_at"]),
        words=" ".join((row["words"] or "").split()),
        by=row["by"] or "",
    )
