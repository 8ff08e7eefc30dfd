"""The HTTP API under /api/v1: tickets in, their state out. Errors are RFC 9457 problem details."""

import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from ninja import NinjaAPI, Router, Schema
from ninja.errors import HttpError, ValidationError
from pydantic import AwareDatetime

from agents.errors import UnknownAgent
from agents.models import Run
from review import wake
from review.api_access import PROBLEM, PROBLEMS, Bearer, Key, TokenRequest, problem
from review.api_proposals import router as proposals
from review.errors import ReviewError
from review.idempotency import Answer, once
from review.intake import Accepted, accept_ticket, add_message
from review.models import ApiToken, Delivery, Ticket
from review.schemas import TicketIn, TurnIn

LONGEST_NAME = 200  # of a field, which is as long as the client made it

log = logging.getLogger(__name__)


class RunOut(Schema):
    id: int
    status: str
    trace_id: str


class ReviewOut(Schema):
    id: int
    status: str


class SentOut(Schema):
    text: str
    at: AwareDatetime


class TicketOut(Schema):
    """Where a ticket stands. review: its newest item; sent: the newest reply that left."""

    id: int
    external_id: str
    status: str
    run: RunOut | None
    review: ReviewOut | None
    sent: SentOut | None


class AcceptedOut(Schema):
    """What was stored. status_url: where the outcome can be read."""

    id: int
    external_id: str
    message_id: int | None
    run_id: int | None
    status_url: str


class Api(NinjaAPI):
    """Problems are documented under their own media type."""

    def get_openapi_schema(self, **options: Any) -> Any:
        schema = super().get_openapi_schema(**options)
        for methods in schema["paths"].values():
            for operation in methods.values():
                for status, response in operation.get("responses", {}).items():
                    if int(status) >= 400 and "application/json" in response.get("content", {}):
                        response["content"][PROBLEM] = response["content"].pop("application/json")
        return schema


api = Api(
    title="Countersign",
    version="1",
    docs_url=None,  # the bundled page loads scripts from elsewhere
    openapi_url="/openapi.json",
    urls_namespace="api",
)
router = Router(tags=["tickets"])


@router.post(
    "/tickets",
    response={202: AcceptedOut, **PROBLEMS},
    auth=Bearer("submit"),
    summary="Submit a ticket",
)
def submit_ticket(request: TokenRequest, ticket: TicketIn, idempotency_key: Key = None) -> Any:
    """Store a ticket and start the agent on it. Repeat freely: by Idempotency-Key, or by source
    and external id, the same request gets the same answer; another under them gets 422.
    """
    return _accept(
        request,
        idempotency_key,
        ["tickets", ticket.model_dump(mode="json")],
        lambda: accept_ticket(ticket.as_ticket(), token=request.auth),
    )


@router.post(
    "/tickets/{int:ticket_id}/messages",
    response={202: AcceptedOut, **PROBLEMS},
    auth=Bearer("submit"),
    summary="Add a message",
)
def submit_message(
    request: TokenRequest, ticket_id: int, message: TurnIn, idempotency_key: Key = None
) -> Any:
    """Add a turn to a ticket. It supersedes an open draft; the customer's starts a new run."""
    ticket = _readable(request.auth, ticket_id)
    return _accept(
        request,
        idempotency_key,
        ["messages", ticket_id, message.model_dump(mode="json")],
        lambda: add_message(ticket.pk, message.as_message()),
    )


@router.get(
    "/tickets/{int:ticket_id}",
    response={200: TicketOut, **PROBLEMS},
    auth=Bearer("read", "submit"),
    summary="Read a ticket's state",
    url_name="ticket",
)
def read_ticket(request: TokenRequest, ticket_id: int) -> TicketOut:
    """Return where the ticket stands. A token with `submit` alone reads its own tickets."""
    return ticket_state(_readable(request.auth, ticket_id))


def ticket_state(ticket: Ticket) -> TicketOut:
    """Return the ticket as the API shows it."""
    link = ticket.ticket_runs.select_related("run").order_by("-pk").first()
    item = ticket.items.order_by("-pk").first()
    delivery = (
        ticket.deliveries.filter(state=Delivery.State.SENT, kind=Delivery.Kind.REPLY)
        .select_related("verdict__final")
        .order_by("-sent_at")
        .first()
    )
    return TicketOut(
        id=ticket.pk,
        external_id=ticket.external_id,
        status=ticket.status,
        run=_run_out(link.run) if link else None,
        review=ReviewOut(id=item.pk, status=item.status) if item else None,
        sent=_sent_out(delivery),
    )


def _accept(
    request: TokenRequest, key: str | None, body: Any, action: Callable[[], Accepted]
) -> HttpResponse:
    def carry_out() -> Answer:
        accepted = action()
        if accepted.is_new and accepted.run:
            wake.wake_run(accepted.run.pk)
        if accepted.is_new:
            wake.announce(accepted.ticket.queue_id)
        wake.notify(accepted.told)
        return Answer(status=HTTPStatus.ACCEPTED, body=_accepted_out(accepted))

    answer = once(request.auth, key, body, carry_out)
    response = api.create_response(request, answer.body, status=answer.status)
    response["Location"] = answer.body["status_url"]
    return response


def _accepted_out(accepted: Accepted) -> dict[str, Any]:
    ticket = accepted.ticket
    return {
        "id": ticket.pk,
        "external_id": ticket.external_id,
        "message_id": accepted.message.pk if accepted.message else None,
        "run_id": accepted.run.pk if accepted.run else None,
        "status_url": reverse("api:ticket", args=[ticket.pk]),
    }


def _readable(token: ApiToken, ticket_id: int) -> Ticket:
    tickets = Ticket.objects.all()
    if not token.allows("read"):
        tickets = tickets.filter(submitted_by=token)
    ticket = tickets.filter(pk=ticket_id).first()
    if ticket is None:
        raise Http404
    return ticket


def _run_out(run: Run) -> RunOut:
    return RunOut(id=run.pk, status=run.status, trace_id=run.trace_id)


def _sent_out(delivery: Delivery | None) -> SentOut | None:
    if delivery is None or delivery.sent_at is None or delivery.verdict.final is None:
        return None
    return SentOut(text=delivery.verdict.final.content or "", at=delivery.sent_at)


api.add_router("/v1", router)
api.add_router("/v1", proposals)


@api.exception_handler(ReviewError)
def on_review_error(request: HttpRequest, error: ReviewError) -> HttpResponse:
    return problem(error.status, str(error))


@api.exception_handler(HttpError)
def on_http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    detail = str(error)
    if error.status_code == HTTPStatus.UNAUTHORIZED and detail == "Unauthorized":
        detail = "Send a bearer token: Authorization: Bearer cs_…"
    return problem(error.status_code, detail)


@api.exception_handler(RequestDataTooBig)
def on_too_big(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    return problem(413, "The request is larger than 8 MB.")


@api.exception_handler(UnknownAgent)
def on_missing_agent(request: HttpRequest, error: UnknownAgent) -> HttpResponse:
    return problem(503, "The triage agent is not installed yet: run manage.py prepare.")


@api.exception_handler(OperationalError)
def on_database_away(request: HttpRequest, error: OperationalError) -> HttpResponse:
    response = problem(503, "The database is away. Repeat the request, with the same key.")
    response["Retry-After"] = "5"
    return response


@api.exception_handler(Exception)
def on_bug(request: HttpRequest, error: Exception) -> HttpResponse:
    log.exception("%s %r failed", request.method, request.path)
    return problem(500, "Something broke here. Repeat the request, with the same key.")


@api.exception_handler(Http404)
def on_missing(request: HttpRequest, error: Http404) -> HttpResponse:
    return problem(404, "There is no such thing here, or this token may not see it.")


@api.exception_handler(ValidationError)
def on_invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Name the first field that does not fit; the value itself may be personal and is left out."""
    first = error.errors[0]
    where = ".".join(str(part) for part in first["loc"][2:]) or str(first["loc"][-1])
    return problem(422, f"{where[:LONGEST_NAME]}: {first['msg']}")


def not_found(request: HttpRequest) -> HttpResponse:
    """Return the JSON 404 of unmatched API addresses."""
    return problem(404, "There is no such address. The API is described at /api/openapi.json.")
