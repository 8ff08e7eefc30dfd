"""The HTTP API for agents that ask a person first: proposals in, verdicts out."""

from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils import timezone
from ninja import Router, Schema
from pydantic import AwareDatetime

from agents.models import Agent, Run
from review import proposals, undoing, wake
from review.api_access import PROBLEMS, Bearer, Key, TokenRequest
from review.errors import UnfitProposal
from review.idempotency import Answer, once
from review.models import ApiToken, Queue, ReviewItem, Ticket
from review.schemas_proposals import ProposalIn, RevisionIn

router = Router(tags=["proposals"])


class ProposedOut(Schema):
    """What was stored. status_url: where the verdicts can be read."""

    id: int
    status: str
    run_id: int
    status_url: str


class VerdictOut(Schema):
    """What was decided on one action.

    final: the text or JSON that counts, null for a rejection. reason: of a rejection.
    """

    action: int
    verdict: str
    final: Any
    reason: str
    edit_operations: int | None
    at: AwareDatetime


class ItemOut(Schema):
    """Where an item stands. verdicts: null until they can no longer be taken back."""

    id: int
    ticket_id: int
    run_id: int
    kind: str
    status: str
    verdicts: list[VerdictOut] | None


@router.post(
    "/tickets/{int:ticket_id}/proposals",
    response={202: ProposedOut, **PROBLEMS},
    auth=Bearer("submit"),
    summary="Propose actions to a person",
)
def submit_proposal(
    request: TokenRequest, ticket_id: int, proposal: ProposalIn, idempotency_key: Key = None
) -> Any:
    """Open an item that puts the actions before a person. Nothing is carried out here: the agent
    that asks reads the verdicts and does what was approved. For tickets this token submitted.
    """
    ticket = _own_tickets(request.auth).filter(pk=ticket_id).first()
    if ticket is None:
        raise Http404

    def carry_out() -> Answer:
        item = proposals.submit(
            ticket.pk,
            _agent(proposal.agent),
            proposal.as_actions(),
            reasons=proposal.reasons,
            high_stakes=proposal.high_stakes,
            urgency=proposal.urgency,
            queue=_queue(proposal.queue),
        )
        wake.announce(item.queue_id)
        return Answer(status=HTTPStatus.ACCEPTED, body=_proposed(item))

    body = ["proposals", ticket_id, proposal.model_dump(mode="json", by_alias=True)]
    return _answered(once(request.auth, idempotency_key, body, carry_out))


@router.get(
    "/items/{int:item_id}",
    response={200: ItemOut, **PROBLEMS},
    auth=Bearer("read", "submit"),
    summary="Read an item's state and verdicts",
    url_name="item",
)
def read_item(request: TokenRequest, item_id: int) -> ItemOut:
    """Return where the item stands. A token with `submit` alone reads those of its own tickets."""
    return _state(_item(request.auth, item_id))


@router.post(
    "/items/{int:item_id}/withdraw",
    response={200: ItemOut, **PROBLEMS},
    auth=Bearer("submit"),
    summary="Take a proposal back",
)
def withdraw_item(request: TokenRequest, item_id: int) -> ItemOut:
    """Close an open item that the agent no longer asks about. Its run is cancelled."""
    item = _own_item(request.auth, item_id)
    withdrawn = proposals.withdraw(item.pk)
    wake.announce(withdrawn.queue_id)
    return _state(_item(request.auth, item_id))


@router.put(
    "/items/{int:item_id}/proposal",
    response={200: ItemOut, **PROBLEMS},
    auth=Bearer("submit"),
    summary="Propose something else instead",
)
def revise_item(request: TokenRequest, item_id: int, revised: RevisionIn) -> ItemOut:
    """Put other actions in the place of those that nobody has decided on yet.

    Whoever had opened the earlier ones is told, and cannot approve them any more. What is decided
    stays as it was decided: 409.
    """
    item = _own_item(request.auth, item_id)
    revised_item = proposals.revise(item.pk, revised.as_actions())
    wake.announce(revised_item.queue_id)
    return _state(_item(request.auth, item_id))


def _own_tickets(token: ApiToken) -> Any:
    tickets = Ticket.objects.all()
    return tickets if token.allows() else tickets.filter(submitted_by=token)


def _item(token: ApiToken, item_id: int) -> ReviewItem:
    items = ReviewItem.objects.select_related("run", "ticket")
    if not token.allows("read"):
        items = items.filter(ticket__submitted_by=token)
    item = items.filter(pk=item_id).first()
    if item is None:
        raise Http404
    return item


def _own_item(token: ApiToken, item_id: int) -> ReviewItem:
    """Return the item if this token's agent proposed it. Raises Http404."""
    item = _item(token, item_id)
    is_own = _own_tickets(token).filter(pk=item.ticket_id).exists()
    if not is_own or not proposals.is_proposed(item):
        raise Http404
    return item


def _agent(slug: str) -> Agent:
    agent = Agent.objects.filter(slug=slug).first()
    if agent is None:
        raise UnfitProposal(f"agent: no agent called {slug} is installed.")
    return agent


def _queue(slug: str) -> Queue | None:
    queue = Queue.objects.filter(slug=slug).first() if slug else None
    if slug and queue is None:
        raise UnfitProposal(f"queue: there is no queue called {slug}.")
    return queue


def _proposed(item: ReviewItem) -> dict[str, Any]:
    return {
        "id": item.pk,
        "status": item.status,
        "run_id": item.run_id,
        "status_url": reverse("api:item", args=[item.pk]),
    }


def _answered(answer: Answer) -> HttpResponse:
    response = JsonResponse(answer.body, status=answer.status)
    response["Location"] = answer.body["status_url"]
    return response


def _state(item: ReviewItem) -> ItemOut:
    ended = proposals.concluded(item)
    told = proposals.told(item, item.revision) if ended is None else ended
    verdicts = [VerdictOut(**one) for one in told]
    over = timezone.now() - undoing.window()
    is_final = item.status == ReviewItem.Status.DECIDED and item.run.status == Run.Status.DONE
    is_final = is_final and all(verdict.at <= over for verdict in verdicts)
    is_final = is_final or ended is not None
    return ItemOut(
        id=item.pk,
        ticket_id=item.ticket_id,
        run_id=item.run_id,
        kind=item.kind,
        status=item.status,
        verdicts=verdicts if is_final else None,
    )
