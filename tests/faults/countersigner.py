"""Asks for payments and countersigns each, in a process of its own against a running instance.

`python -m tests.faults.countersigner PREFIX TOOL COUNT [leave]`; left, nothing is countersigned.
"""

import os
import sys
import time

PATIENCE_S = 1800


def main(prefix: str, tool: str, count: int, *, leave: bool = False) -> None:
    """Request the runs, then approve what they ask until all of it is approved."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    run_ids = [request(f"{prefix}-{number}", tool) for number in range(count)]
    approved = count if leave else 0
    deadline = time.monotonic() + PATIENCE_S
    while approved < count and time.monotonic() < deadline:
        found = approve_all(run_ids)
        approved += found
        if not found:
            time.sleep(0.2)


def request(order: str, tool: str) -> int:
    """Return the id of a queued run that pays the order."""
    from django.db import transaction

    from agents.models import Agent, Run
    from agents.requests import request_run
    from review.intake import NewMessage, NewTicket, accept_ticket
    from review.models import Queue, TicketRun
    from tests.faults.payer import NAME

    Agent.objects.get_or_create(
        slug=NAME,
        defaults={
            "name": "Payer",
            "job": "Pay.",
            "metric": "Pays.",
            "fallback_queue": "billing",
            "status": Agent.Status.LIVE,
        },
    )
    new = NewTicket(
        external_id=order,
        subject=order,
        source="payments",
        customer_email="ada@lovelace.example",
        messages=[NewMessage(body="Pay, please.")],
    )
    with transaction.atomic():
        ticket = accept_ticket(new).ticket
        Run.objects.filter(pk__in=ticket.ticket_runs.values("run")).update(status="cancelled")
        ticket.queue = Queue.objects.get(slug="billing")
        ticket.save()
        run = request_run(NAME, {"order": order, "tool": tool})
        TicketRun.objects.create(ticket=ticket, run=run, upto_seq=ticket.last_seq)
    return run.pk


def approve_all(run_ids: list[int]) -> int:
    """Approve every call that waits; return how many there were."""
    from django.contrib.auth.models import User

    from review import claims, decisions
    from review.actions import Answer
    from review.decisions import Seen
    from review.models import ReviewItem

    lead = User.objects.get(username="lead")
    items = ReviewItem.objects.open().filter(run__in=run_ids, kind="tool_call")
    waiting = list(items.select_related("proposal"))
    for item in waiting:
        held = claims.claim(item, lead)
        assert held.claim_token
        seen = Seen(claim_token=held.claim_token, revision=held.revision, digest=held.digest)
        arguments = (item.proposal.content or {})["actions"][0]["arguments"]
        decisions.decide(item.pk, lead, seen, [Answer(said="go", final=arguments)])
    return len(waiting)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), leave=sys.argv[4:] == ["leave"])
