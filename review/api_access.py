"""What every address of the HTTP API shares: its token, its key, and how it says no."""

from http import HTTPStatus
from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Header, Schema
from ninja.errors import HttpError
from ninja.security import HttpBearer

from review.models import ApiToken
from review.tokens import token_of

PROBLEM = "application/problem+json"


class TokenRequest(HttpRequest):
    """A request that carries a bearer token in force."""

    auth: ApiToken


class Problem(Schema):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str


class Bearer(HttpBearer):
    """A bearer token with at least one of the scopes."""

    def __init__(self, *scopes: str) -> None:
        super().__init__()
        self.scopes = scopes

    def authenticate(self, request: HttpRequest, token: str) -> ApiToken:
        """Return the token. Raises HttpError 401 or 403."""
        found = token_of(token)
        if found is None:
            raise HttpError(401, "This token is unknown or revoked. Make one with create_token.")
        if not found.allows(*self.scopes):
            raise HttpError(403, f"This token lacks the scope {' or '.join(self.scopes)}.")
        return found


Key = Annotated[
    str | None,
    Header(alias="Idempotency-Key", min_length=1, max_length=255, pattern=r"^[\x20-\x7e]+$"),
]
PROBLEMS = dict.fromkeys((401, 403, 404, 409, 422), Problem)


def problem(status: int, detail: str, kind: str = "about:blank") -> HttpResponse:
    """Return a problem-details response."""
    body = Problem(type=kind, title=HTTPStatus(status).phrase, status=status, detail=detail)
    response = HttpResponse(body.model_dump_json(), status=status, content_type=PROBLEM)
    if status == HTTPStatus.UNAUTHORIZED:
        response["WWW-Authenticate"] = "Bearer"
    return response
