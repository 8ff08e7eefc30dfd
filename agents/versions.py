"""Putting versions into force: a change, a promotion, a way back. Each is a new row.

Staging holds only what differs from live. A candidate is what staging differs in.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from django.contrib.auth.models import User
from django.db import connection, models, transaction
from django.utils import timezone

from agents.models import (
    LIVE,
    STAGING,
    PolicyVersion,
    PromptVersion,
    RouteVersion,
    TierVersion,
    Version,
)
from agents.models.versions import in_six_months
from agents.prompts import Prompt, prompt, shipped_prompt

VersionT = TypeVar("VersionT", bound=Version)

KINDS: Mapping[str, type[Version]] = {
    "tier": TierVersion,
    "routes": RouteVersion,
    "prompt": PromptVersion,
    "policy": PolicyVersion,
}


def kind_of(version: Version) -> str:
    """Return the word by which a mix of versions names the version's kind."""
    return next(kind for kind, model in KINDS.items() if isinstance(version, model))


def in_force(model: type[VersionT], environment: str, **key: Any) -> VersionT | None:
    """Return the version that counts in the environment; in staging, live's where it has none."""
    found = _rows(model).filter(is_live=True, environment__in=[environment, LIVE], **key)
    order = models.Case(models.When(environment=environment, then=0), default=1)
    if environment == STAGING:
        return found.order_by(order).first()
    return found.filter(environment=environment).first()


def prompt_in_force(agent_slug: str, task: str, environment: str) -> Prompt:
    """Return the agent's prompt for a task as it counts there: the edited one, else the file."""
    edited = in_force(PromptVersion, environment, agent__slug=agent_slug, task=task)
    return Prompt.edited(agent_slug, task, edited.text) if edited else prompt(agent_slug, task)


def mark_of(version: Version, live: Version | None) -> int | str | None:
    """Return what tells whether live's version of the same thing is another: its id.

    Of a prompt the hash of its text, the release's file where no version is in force.
    """
    if not isinstance(version, PromptVersion):
        return live.pk if live else None
    slug, task = version.agent.slug, version.task
    if isinstance(live, PromptVersion):
        return Prompt.edited(slug, task, live.text).short
    shipped = shipped_prompt(slug, task)
    return shipped.short if shipped else None


def history(model: type[VersionT], environment: str, **key: Any) -> models.QuerySet[VersionT]:
    """Return the thing's versions in the environment, newest first."""
    return (
        _rows(model)
        .filter(environment=environment, **key)
        .select_related("created_by", "approved_by", "came_from")
        .order_by("-version")
    )


def named(versions: Sequence[Sequence[Any]]) -> list[Version]:
    """Return the versions that [[kind, id], …] names, in that order."""
    return [_rows(KINDS[kind]).get(pk=pk) for kind, pk in versions]


def candidate() -> list[Version]:
    """Return what staging differs in: its versions in force whose content is not live's."""
    found: list[Version] = []
    for model in KINDS.values():
        for version in _rows(model).filter(environment=STAGING, is_live=True).order_by("pk"):
            live = in_force(model, LIVE, **version.key)
            if live is None or live.content != version.content:
                found.append(version)
    return found


@transaction.atomic
def change(
    model: type[VersionT],
    environment: str,
    key: Mapping[str, Any],
    content: Callable[[VersionT | None], Mapping[str, Any]],
    *,
    reason: str,
    by: User | None,
    approved_by: User | None = None,
    came_from: Version | None = None,
) -> tuple[VersionT | None, VersionT]:
    """Return the version that was in force and the new one that now is.

    content: what the new one says, given the one before; whatever it leaves out stays as it was.
    One change at a time of the same thing. What `content` raises stops the change.
    """
    _hold(model, environment, key)
    before = in_force(model, environment, **key)
    said = {**(before.content if before else {}), **content(before)}
    rows = _rows(model).filter(environment=environment, **key)
    newest = rows.order_by("-version").values_list("version", flat=True).first() or 0
    rows.filter(is_live=True).update(is_live=False)
    after = model(
        environment=environment,
        version=newest + 1,
        is_live=True,
        reason=reason,
        created_by=by,
        approved_by=approved_by,
        came_from=came_from,
        **key,
        **said,
    )
    after.save(force_insert=True)
    return before, after


def copy_to(
    version: VersionT,
    environment: str,
    *,
    reason: str,
    by: User | None,
    approved_by: User | None = None,
) -> tuple[VersionT | None, VersionT]:
    """Return the version before and the new one, which says what `version` says.

    A promotion copies to another environment, a way back to the same one.
    """
    return change(
        type(version),
        environment,
        version.key,
        lambda before: copied(version),
        reason=reason,
        by=by,
        approved_by=approved_by,
        came_from=version,
    )


def copied(version: Version) -> dict[str, Any]:
    """Return what a copy says: a tier's day to look again stays while it is to come."""
    content = version.content
    if isinstance(version, TierVersion):
        is_ahead = version.look_again_on > timezone.localdate()
        content["look_again_on"] = version.look_again_on if is_ahead else in_six_months()
    return content


@transaction.atomic
def withdraw(version: Version) -> bool:
    """Take the version out of staging, so that live's counts again; return whether it was in.

    A prompt leaves live as well: the file that came with the release counts then.
    """
    _hold(type(version), version.environment, version.key)
    left = [STAGING, LIVE] if isinstance(version, PromptVersion) else [STAGING]
    rows = _rows(type(version)).filter(pk=version.pk, environment__in=left, is_live=True)
    return bool(rows.update(is_live=False))


def _rows(model: type[VersionT]) -> models.QuerySet[VersionT]:
    return model._default_manager.all()


def _hold(model: type[Version], environment: str, key: Mapping[str, Any]) -> None:
    """Let this transaction alone change the thing: its first version has no row to lock."""
    name = f"{model.__name__} {environment} {sorted(key.items())}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [name])
