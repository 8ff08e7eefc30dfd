"""A request repeated under its Idempotency-Key gets the first answer, and is done once."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from observability.payloads import digest
from review.errors import KeyReused
from review.models import ApiToken, IdempotencyKey


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An HTTP status and its JSON body."""

    status: int
    body: dict[str, Any]


@transaction.atomic
def once(token: ApiToken, key: str | None, request: Any, action: Callable[[], Answer]) -> Answer:
    """Return the action's answer, carried out and stored in one transaction, or the stored one.

    Two at once: the second waits on the unique key for the first to commit. Raises KeyReused when
    the key came with another request; an action that raises stores nothing.
    """
    if not key:
        return action()
    request_digest = digest(request)
    row, is_new = IdempotencyKey.objects.get_or_create(
        token=token,
        key=key,
        defaults={"request_digest": request_digest, "status": 0, "response": {}},
    )
    if not is_new:
        if row.request_digest != request_digest:
            raise KeyReused
        return Answer(status=row.status, body=row.response)
    answer = action()
    row.status, row.response = answer.status, answer.body
    row.save(update_fields=["status", "response"])
    return answer
