"""Agents' definitions in the database: installed, changed by a form or a file, compared with it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from agents.definition_files import as_text, shipped, shipped_of
from agents.definitions import CategoryDefinition, Definition, Difference, differences
from agents.errors import UnfitDefinition
from agents.models import Agent, Category
from observability.payloads import digest
from review import audit
from review.models import Queue

FALLBACK_QUEUE = "inbox"
TEXTS = ("name", "job", "metric", "measure", "fallback_queue")
CATEGORY_TEXTS = ("name", "description", "guidance", "queue", "is_high_stakes")
LIVE_NEEDS_BOTH = "A live agent needs its job and its success metric: pause it first."


@dataclass(frozen=True, kw_only=True)
class Stored:
    """What became of a definition. kept: slugs of categories that it does not name."""

    agent: Agent
    is_new: bool
    differences: Sequence[Difference]
    kept: Sequence[str] = ()


def definition_of(agent: Agent) -> Definition:
    """Return the agent's definition as the database has it."""
    return Definition(
        slug=agent.slug,
        name=agent.name,
        job=agent.job,
        metric=agent.metric,
        measure=agent.measure,
        does=tuple(agent.does),
        does_not=tuple(agent.does_not),
        fallback_queue=agent.fallback_queue,
        owner=agent.owner.get_username() if agent.owner else "",
        categories=tuple(
            CategoryDefinition(
                slug=category.slug,
                **{name: getattr(category, name) for name in CATEGORY_TEXTS},
            )
            for category in agent.categories.all()
        ),
    )


def file_of(agent: Agent) -> str:
    """Return the text of a file that defines the agent as it is, with its categories."""
    return as_text(definition_of(agent))


def changes_since_release(agent: Agent) -> list[Difference] | None:
    """Return where the database says something else than the file that came with the release.

    None where no file came.
    """
    file = shipped_of(agent.slug)
    return None if file is None else differences(file, _as_far_as(file, definition_of(agent)))


@transaction.atomic
def install_missing(*, demo: bool) -> list[Agent]:
    """Return the agents that came with this release and were not there yet, now installed.

    What is there is left as it is. demo: whether those that belong to the demo come as well.
    """
    known = set(Agent.objects.values_list("slug", flat=True))
    missing = [
        definition
        for definition in shipped()
        if definition.slug not in known and (demo or not definition.demo_only)
    ]
    installed = []
    for definition in missing:
        is_whole = definition.job and definition.metric
        agent = _made(definition, definition.status if is_whole else Agent.Status.DRAFT)
        if not demo:
            Queue.objects.get_or_create(
                slug=agent.fallback_queue, defaults={"name": agent.fallback_queue.title()}
            )
        audit.record(None, "agent.installed", agent, after=_digest_of(agent))
        installed.append(agent)
    return installed


@transaction.atomic
def load(definition: Definition, by: User | None = None) -> Stored:
    """Store what a file says: the agent is made, as a draft, or changed where it differs.

    What the file does not say stays, and so do categories that it does not name. Raises
    UnfitDefinition.
    """
    agent = Agent.objects.select_for_update().filter(slug=definition.slug).first()
    _refuse_unknown(definition)
    if agent is None:
        agent = _made(definition, Agent.Status.DRAFT)
        audit.record(by, "agent.installed", agent, after=_digest_of(agent))
        return Stored(agent=agent, is_new=True, differences=())
    named = {category.slug for category in definition.categories or ()}
    kept = sorted(set(agent.categories.values_list("slug", flat=True)) - named)
    return replace(
        _change(agent, definition, by, "agent.loaded"),
        kept=kept if definition.categories is not None else (),
    )


@transaction.atomic
def change(agent_id: int, definition: Definition, by: User) -> Stored:
    """Store what a form says of the agent. Raises UnfitDefinition."""
    agent = Agent.objects.select_for_update().get(pk=agent_id)
    _refuse_unknown(definition)
    return _change(agent, definition, by, "agent.changed")


def digest_of(agent: Agent) -> str:
    """Return what changes with every change of the agent's definition."""
    return _digest_of(agent)


def _made(definition: Definition, status: str) -> Agent:
    agent = Agent.objects.create(
        slug=definition.slug,
        status=status,
        owner=_person(definition.owner),
        does=list(definition.does),
        does_not=list(definition.does_not),
        **{name: getattr(definition, name) or "" for name in TEXTS if name != "fallback_queue"},
        fallback_queue=definition.fallback_queue or FALLBACK_QUEUE,
    )
    _store_categories(agent, definition)
    return agent


def _change(agent: Agent, definition: Definition, by: User | None, action: str) -> Stored:
    was = definition_of(agent)
    found = differences(was, definition)
    if not found:
        return Stored(agent=agent, is_new=False, differences=())
    if agent.status == Agent.Status.LIVE and not (definition.job and definition.metric):
        raise UnfitDefinition([LIVE_NEEDS_BOTH])
    for name in TEXTS:
        setattr(agent, name, getattr(definition, name) or getattr(agent, name))
    agent.job, agent.metric = definition.job, definition.metric
    agent.does, agent.does_not = list(definition.does), list(definition.does_not)
    if definition.owner is not None:
        agent.owner = _person(definition.owner)
    agent.save()
    _store_categories(agent, definition)
    audit.record(
        by,
        action,
        agent,
        before=digest(as_text(was)),
        after=_digest_of(agent),
        changes=[[one.label, one.before[:500], one.after[:500]] for one in found],
    )
    return Stored(agent=agent, is_new=False, differences=found)


def _store_categories(agent: Agent, definition: Definition) -> None:
    for category in definition.categories or ():
        Category.objects.update_or_create(
            agent=agent,
            slug=category.slug,
            defaults={name: getattr(category, name) for name in CATEGORY_TEXTS},
        )


def _refuse_unknown(definition: Definition) -> None:
    """Raise UnfitDefinition where it names a queue or a person that is not here."""
    categories = definition.categories or ()
    queues = {name for name in (definition.fallback_queue, *(c.queue for c in categories)) if name}
    queues -= set(Queue.objects.filter(slug__in=queues).values_list("slug", flat=True))
    faults = [f"queue: there is no queue called {name}." for name in sorted(queues)]
    if definition.owner and _person(definition.owner) is None:
        faults.append(f"owner: there is nobody called {definition.owner}.")
    if faults:
        raise UnfitDefinition(faults)


def _person(username: str | None) -> User | None:
    return User.objects.filter(username=username, is_active=True).first() if username else None


def _as_far_as(file: Definition, database: Definition) -> Definition:
    """Return what the database says, of what the file says."""
    silent: dict[str, Any] = {
        name: None for name in ("fallback_queue", "owner", "categories") if not getattr(file, name)
    }
    return replace(database, **silent)


def _digest_of(agent: Agent) -> str:
    agent = Agent.objects.select_related("owner").get(pk=agent.pk)
    return digest(file_of(agent))
