"""The record of who did what."""

from typing import Any

from django.contrib.auth.models import User
from django.db.models import Model

from observability.rows import insert
from review.models import AuditEntry


def record(
    actor: User | None,
    action: str,
    subject: Model,
    *,
    before: str = "",
    after: str = "",
    **detail: Any,
) -> None:
    """Write an audit row in the caller's transaction. `before` and `after` are digests."""
    insert(entry(actor, action, subject, before=before, after=after, **detail))


def entry(
    actor: User | None,
    action: str,
    subject: Model,
    *,
    before: str = "",
    after: str = "",
    **detail: Any,
) -> AuditEntry:
    """Return an audit row that is not stored yet, for many to be stored in one statement."""
    return AuditEntry(
        actor=actor,
        actor_name=actor.get_username() if actor else "system",
        action=action,
        subject=f"{subject._meta.model_name}:{subject.pk}",
        before=before,
        after=after,
        detail=detail,
    )
