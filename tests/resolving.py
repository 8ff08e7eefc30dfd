"""The resolution agent of the tests, beside the triage agent, with the demo's shop."""

from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from agents import runner
from agents.models import Agent, Category, Run
from agents.results import RunResult
from review import claims, decisions, outcomes, pauses
from review.actions import Answer
from review.decisions import Seen
from review.demo.load import load_resolution
from review.demo.shop.loading import load_shop
from review.demo.shop.models import ShopOrder
from review.items import settle_run
from review.models import Delivery, ReviewItem, Ticket, TicketRun
from tests.builders import end_run, make_queue, make_result, make_ticket

LAIA, ORDER = "laia.ferrer@buzon.example", "HCW-204644"
CANCEL = f"Please cancel my order {ORDER}. Thank you, Laia"


def install() -> Agent:
    """Return the resolution agent, live, with the shop it acts on."""
    triage = Agent.objects.get(slug="triage")
    triage.company = {"name": "Halden", "support_name": "Halden support"}
    for slug in ("order-change", "delivery-problem"):
        Category.objects.get_or_create(
            agent=triage, slug=slug, defaults={"name": slug, "description": "", "queue": "orders"}
        )
    make_queue("orders")
    load_resolution(triage)
    load_shop(timezone.now())
    return Agent.objects.get(slug="resolution")


def triaged(body: str = CANCEL, **changes: Any) -> Run:
    """Return the triage run of a new ticket, ended and settled."""
    accepted = make_ticket(body, customer_email=LAIA, customer_name="Laia Ferrer")
    assert accepted.run
    end_run(accepted.run, found(**changes))
    settle_run(accepted.run.pk)
    return Run.objects.get(pk=accepted.run.pk)


def found(**changes: Any) -> RunResult:
    """Return what triage found of the ticket."""
    fields = {"order_numbers": [ORDER], "products": [], "language": "en", "urgency": "normal"}
    return make_result(**{"category": "order-change", "fields": fields} | changes)


def ticket_of(run: Run) -> Ticket:
    return TicketRun.objects.select_related("ticket__queue").get(run=run).ticket


def handed_to(run: Run) -> Run | None:
    """Return the run that the triage run's ticket was handed on to."""
    links = ticket_of(run).ticket_runs.filter(run__agent__slug="resolution")
    link = links.select_related("run").order_by("-pk").first()
    return link.run if link else None


def worked_on(run: Run) -> Run:
    """Return the run after a worker had it, with what it asks or ends in opened."""
    runner.execute(run.pk)
    settle_run(run.pk)
    pauses.ask(run.pk)
    return Run.objects.get(pk=run.pk)


def decide(item: ReviewItem, user: User, answer: Answer) -> None:
    """Decide on the item, and let the verdict take effect."""
    item = claims.claim(item, user)
    assert item.claim_token
    seen = Seen(claim_token=item.claim_token, revision=item.revision, digest=item.digest)
    decisions.decide(item.pk, user, seen, [answer])
    for delivery in Delivery.objects.filter(state="due", ticket=item.ticket_id):
        Delivery.objects.filter(pk=delivery.pk).update(due_at=timezone.now())
        outcomes.deliver(delivery.pk)


def approve(item: ReviewItem, user: User) -> None:
    """Approve what the item proposes, as it stands."""
    decide(item, user, Answer(said="go", final=proposed(item)["arguments"]))


def proposed(item: ReviewItem) -> dict[str, Any]:
    """Return the one action that the item proposes."""
    assert item.proposal.content
    (action,) = item.proposal.content["actions"]
    return dict(action)


def order(number: str = ORDER) -> ShopOrder:
    return ShopOrder.objects.get(number=number)
