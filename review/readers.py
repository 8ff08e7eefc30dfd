"""Who may read an item: more people than may act on it."""

from django.contrib.auth.models import User

from agents.models import Agent, Run, RunPayload
from observability.rows import ask, columns, instances, relate
from review.models import (
    CarriedText,
    Customer,
    Queue,
    ReviewItem,
    ReviewPayload,
    Source,
    Ticket,
    WorkingText,
)

READ = f"""
SELECT {columns(ReviewItem, "item")}, {columns(Ticket, "ticket")}, {columns(Customer, "customer")},
    {columns(Source, "source")}, {columns(Queue, "queue")}, {columns(Queue, "above")},
    {columns(ReviewPayload, "proposal")}, {columns(Run, "run")}, {columns(Agent, "agent")},
    {columns(RunPayload, "result")}, {columns(User, "holder")}, {columns(User, "assignee")},
    {columns(WorkingText, "working")}, {columns(User, "saver")},
    {columns(CarriedText, "carried")}, {columns(User, "carrier")}, sight.may_act
FROM review_reviewitem item
JOIN review_ticket ticket ON ticket.id = item.ticket_id
JOIN review_customer customer ON customer.id = ticket.customer_id
JOIN review_source source ON source.id = ticket.source_id
JOIN review_queue queue ON queue.id = item.queue_id
LEFT JOIN review_queue above ON above.id = queue.escalates_to_id
JOIN review_reviewpayload proposal ON proposal.id = item.proposal_id
JOIN agents_run run ON run.id = item.run_id
JOIN agents_agent agent ON agent.id = run.agent_id
LEFT JOIN agents_runpayload result ON result.id = run.result_id
LEFT JOIN auth_user holder ON holder.id = item.claimed_by_id
LEFT JOIN auth_user assignee ON assignee.id = item.assigned_to_id
LEFT JOIN review_workingtext working ON working.item_id = item.id
LEFT JOIN auth_user saver ON saver.id = working.saved_by_id
LEFT JOIN review_carriedtext carried ON carried.item_id = item.id
LEFT JOIN auth_user carrier ON carrier.id = carried.written_by_id
CROSS JOIN LATERAL (SELECT %(sees_all)s OR item.assigned_to_id = %(user)s OR EXISTS (
    SELECT FROM review_queue_members WHERE queue_id = item.queue_id AND user_id = %(user)s
) AS may_act) sight
WHERE item.id = %(item)s AND (
    sight.may_act
    OR EXISTS (SELECT FROM review_assessment WHERE item_id = item.id AND reviewer_id = %(user)s)
    OR EXISTS (SELECT FROM review_auditentry entry
        WHERE entry.subject = 'reviewitem:' || item.id AND entry.actor_id = %(user)s
            AND entry.action IN ('item.escalated', 'item.assigned')))
"""  # noqa: S608 - made of the models' own names


def item_to_read(item_id: int, user: User) -> ReviewItem | None:
    """Return the item with what its page shows, None where the person may not read it.

    They read what they see in a queue, and what they decided or handed on; `may_act` on the latter
    is false.
    """
    sees_all = user.has_perm("review.view_every_queue")
    rows = ask(READ, {"item": item_id, "user": user.pk, "sees_all": sees_all})
    if not rows:
        return None
    item: ReviewItem
    item, ticket, customer, source, queue, above, proposal, *rest = instances(
        rows[0],
        *(ReviewItem, Ticket, Customer, Source, Queue, Queue, ReviewPayload),
        *(Run, Agent, RunPayload, User, User, WorkingText, User, CarriedText, User),
    )
    run, agent, result, holder, assignee, working, saver, carried, carrier = rest
    relate(ticket, customer=customer, source=source)
    relate(queue, escalates_to=above)
    relate(run, agent=agent, result=result)
    if working:
        relate(working, saved_by=saver)
    if carried:
        relate(carried, written_by=carrier)
    relate(
        item,
        ticket=ticket,
        queue=queue,
        proposal=proposal,
        run=run,
        claimed_by=holder,
        assigned_to=assignee,
        working=working,
        carried=carried,
    )
    item.may_act = rows[0][-1]
    return item
