"""Tools that are a web service of the company's: named in a file, called by POST, never followed.

The file is TOML, its path is COUNTERSIGN_TOOLS (docs/tools.md). Each [[tools]] entry is a tool. The
call is JSON {"arguments", "run_id"} with the header Idempotency-Key. The answer says what came of
it: 2xx is done, 4xx surely is not, and everything else leaves it open.
"""

import http.client
import json
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from agents.errors import ToolFailed, ToolUnclear
from agents.tools.registry import LONGEST_TIMEOUT_S, Effect, Tool, ToolContext, register

LONGEST_ANSWER_BYTES = 64 * 1024
LONGEST_DETAIL = 300
CONFLICT = 409
_PIECE_BYTES = 8 * 1024


class HttpTool(BaseModel):
    """One [[tools]] entry of the file. secret: the environment variable that holds the token."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")
    agent: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    description: str = Field(min_length=1, max_length=1000)
    url: str = Field(pattern=r"^https?://[^\s/]+")
    parameters: dict[str, Any] = Field(alias="schema")
    effect: Effect
    takes_key: bool = False
    timeout_s: float = Field(default=15, gt=0, le=LONGEST_TIMEOUT_S)
    per_run: int | None = Field(default=None, ge=1)
    per_minute: int | None = Field(default=None, ge=1)
    per_day: int | None = Field(default=None, ge=1)
    secret: str = ""

    @field_validator("parameters")
    @classmethod
    def _is_an_object(cls, schema: dict[str, Any]) -> dict[str, Any]:
        if schema.get("type") != "object":
            raise ValueError("the schema of the arguments must be of type object")
        return schema


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


# No proxy of the environment either: what is called is what the file names.
_opener = urllib.request.build_opener(_NoRedirect, urllib.request.ProxyHandler({}))


def http_tools(file: Mapping[str, Any], secrets: Mapping[str, str]) -> list[tuple[str, Tool]]:
    """Return the file's tools, each with its agent. Raises ImproperlyConfigured by name.

    secrets: the tokens, by the name of their variable.
    """
    return [_read(place, entry, secrets) for place, entry in enumerate(file.get("tools", ()), 1)]


def register_http_tools(file: Mapping[str, Any], secrets: Mapping[str, str]) -> None:
    """Let the agents call what the file names. Raises ImproperlyConfigured."""
    for agent, tool in http_tools(file, secrets):
        register(agent, tool)


def _read(place: int, entry: Any, secrets: Mapping[str, str]) -> tuple[str, Tool]:
    try:
        told = HttpTool.model_validate(entry)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ImproperlyConfigured(
            f"COUNTERSIGN_TOOLS, tool {place}: {where}: {first['msg']}."
        ) from None
    service = _Service(url=told.url, takes_key=told.takes_key, token=secrets.get(told.secret, ""))
    return told.agent, Tool(
        name=told.name,
        description=told.description,
        schema=told.parameters,
        effect=told.effect,
        call=service,
        takes_key=told.takes_key,
        timeout_s=told.timeout_s,
        per_run=told.per_run,
        per_minute=told.per_minute,
        per_day=told.per_day,
    )


@dataclass(frozen=True, kw_only=True)
class _Service:
    """The call of one HTTP tool. token: sent as a bearer's; left out of what is printed."""

    url: str
    takes_key: bool
    token: str

    def __repr__(self) -> str:
        return f"_Service({self.url})"

    def __call__(self, arguments: Mapping[str, Any], context: ToolContext) -> Any:
        body = json.dumps({"arguments": dict(arguments), "run_id": context.run_id})
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "Idempotency-Key": context.key,
        }
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        request = urllib.request.Request(  # noqa: S310 - http or https, as the file was read
            self.url, data=body.encode(), headers=headers, method="POST"
        )
        until = time.monotonic() + context.timeout_s
        try:
            with _opener.open(request, timeout=context.timeout_s) as response:
                return _result(response.status, _body(response, until))
        except urllib.error.HTTPError as error:
            with error:
                raise self._refused(error, until) from None
        except urllib.error.URLError as error:
            raise _not_reached(error.reason) from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise ToolUnclear(f"The service's answer was lost: {type(error).__name__}.") from None

    def _refused(self, error: urllib.error.HTTPError, until: float) -> Exception:
        """Return what an answer other than 2xx means."""
        # Under a key, a conflict may be the same call still under way.
        is_open = error.code == CONFLICT and self.takes_key
        if not 400 <= error.code < 500 or is_open:
            return ToolUnclear(f"The service answered {error.code}.")
        try:
            body = _body(error, until)
        except (OSError, http.client.HTTPException, ToolUnclear):
            body = b""
        return ToolFailed(_detail(body) or f"The service refused it with {error.code}.")


def _not_reached(reason: Any) -> Exception:
    """Return what it means that the request was not answered: refused at the door, nothing was."""
    if isinstance(reason, ConnectionRefusedError | socket.gaierror):
        return ToolFailed("The service could not be reached, so nothing was done.")
    return ToolUnclear(f"The connection to the service failed: {type(reason).__name__}.")


def _body(response: Any, until: float) -> bytes:
    """Return the answer's bytes, one more than are read on if it is longer. Raises ToolUnclear."""
    pieces, length = [], 0
    while length <= LONGEST_ANSWER_BYTES and (piece := response.read1(_PIECE_BYTES)):
        if time.monotonic() > until:
            raise ToolUnclear("The service's answer took too long.")
        pieces.append(piece)
        length += len(piece)
    return b"".join(pieces)


def _result(status: int, body: bytes) -> Any:
    """Return what the service says it did; the status stands for a text that cannot be read."""
    if len(body) > LONGEST_ANSWER_BYTES:
        return {"status": status, "note": "The answer was too long to be kept."}
    try:
        return json.loads(body) if body.strip() else {"status": status}
    except (ValueError, RecursionError):
        return {"status": status, "note": "The answer was no JSON."}


def _detail(body: bytes) -> str:
    """Return the sentence of a problem answer (RFC 9457), "" where there is none."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    found = (told.get("detail") or told.get("title")) if isinstance(told, dict) else ""
    return " ".join(str(found or "").split())[:LONGEST_DETAIL]
