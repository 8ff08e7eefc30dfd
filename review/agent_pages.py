"""What the pages on agents show: what each is for, how well it does, and what became of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from agents import lifecycle
from agents.definitions import Difference
from agents.models import LIVE, Agent, Category, PromptVersion, Run, TierVersion
from agents.prompts import Prompt, shipped_prompt, tasks_of
from agents.tiers import routes
from agents.tools.registry import Tool, tools_of
from review.agent_definitions import changes_since_release
from review.agent_metrics import Metric, Use, metric_of, metrics, use_by_agent
from review.models import AuditEntry, Queue

SHOWN_RUNS = 8
SHOWN_CHANGES = 30
WORDS = {
    "agent.installed": "Installed",
    "agent.loaded": "Changed by a file",
    "agent.changed": "Changed",
    "agent.paused": "Paused",
    "agent.moved": "Now",
    "category.added": "Category added",
    "category.changed": "Category changed",
    "category.deleted": "Category deleted",
}


@dataclass(frozen=True, kw_only=True)
class AgentRow:
    """An agent in the list, with how well it does and what it took."""

    agent: Agent
    metric: Metric
    use: Use


@dataclass(frozen=True, kw_only=True)
class Task:
    """A task type of an agent: its tier with the models, and its prompt. edited: not the file's."""

    name: str
    tier: TierVersion | None
    prompt: Prompt
    is_edited: bool


@dataclass(frozen=True, kw_only=True)
class Change:
    """Something that became of the agent. what: in words; differences: field, before, after."""

    entry: AuditEntry
    what: str
    note: str
    differences: Sequence[Sequence[str]]


@dataclass(frozen=True, kw_only=True)
class AgentPage:
    """One agent. ways: the statuses that may follow; since_release: None where no file came."""

    agent: Agent
    metric: Metric
    use: Use
    categories: Sequence[Category]
    queues: Mapping[str, str]
    tasks: Sequence[Task]
    tools: Sequence[Tool]
    runs: Sequence[Run]
    changes: Sequence[Change]
    since_release: Sequence[Difference] | None
    ways: Sequence[str]
    cannot_go_live: str
    warning: str


def agent_rows(now: datetime) -> list[AgentRow]:
    """Return every agent, in three queries."""
    found, use = metrics(now), use_by_agent(now)
    return [
        AgentRow(agent=agent, metric=metric_of(agent, found), use=use.get(agent.pk, Use()))
        for agent in Agent.objects.select_related("owner").order_by("name")
    ]


def agent_page(agent: Agent, now: datetime) -> AgentPage:
    """Return what the agent's page shows. agent: with its owner and categories."""
    categories = list(agent.categories.all())
    named = {agent.fallback_queue, *(category.queue for category in categories)}
    names = dict(Queue.objects.filter(slug__in=named).values_list("slug", "name"))
    return AgentPage(
        agent=agent,
        metric=metric_of(agent, metrics(now)),
        use=use_by_agent(now).get(agent.pk, Use()),
        categories=categories,
        queues={slug: names.get(slug, slug) for slug in named},
        tasks=_tasks(agent),
        tools=sorted(tools_of(agent.slug).values(), key=lambda tool: tool.name),
        runs=list(
            agent.runs.filter(shadow_of__isnull=True).order_by("-pk")[:SHOWN_RUNS],
        ),
        changes=_changes(agent, categories),
        since_release=changes_since_release(agent),
        ways=lifecycle.MOVES[agent.status],
        cannot_go_live=lifecycle.refusal("draft", "live", job=agent.job, metric=agent.metric),
        warning=lifecycle.warning("live", has_owner=agent.owner is not None),
    )


def _tasks(agent: Agent) -> list[Task]:
    """Return the agent's tasks with what is live for each, in three queries."""
    tiers = {tier.tier: tier for tier in TierVersion.objects.filter(environment=LIVE, is_live=True)}
    edited = {
        version.task: version
        for version in PromptVersion.objects.filter(agent=agent, environment=LIVE, is_live=True)
    }
    routed = routes()
    found = []
    for name in sorted({*tasks_of(agent.slug), *edited}):
        own = edited.get(name)
        prompt = (
            Prompt.edited(agent.slug, name, own.text) if own else shipped_prompt(agent.slug, name)
        )
        if prompt is not None:
            tier = tiers.get(routed.get(name, 0))
            found.append(Task(name=name, tier=tier, prompt=prompt, is_edited=own is not None))
    return found


def _changes(agent: Agent, categories: Sequence[Category]) -> list[Change]:
    """Return what became of the agent and its categories, newest first: one query."""
    subjects = [f"agent:{agent.pk}", *(f"category:{category.pk}" for category in categories)]
    entries = (
        AuditEntry.objects.filter(subject__in=subjects)
        .select_related("actor")
        .order_by("-pk")[:SHOWN_CHANGES]
    )
    names = {f"category:{category.pk}": category.name for category in categories}
    return [_change(entry, names.get(entry.subject, "")) for entry in entries]


def _change(entry: AuditEntry, category: str) -> Change:
    said = WORDS.get(entry.action, entry.action.replace(".", " ").capitalize())
    if entry.action == "agent.moved":
        said = f"{said} {entry.detail.get('now', '')}"
    fields = entry.detail.get("fields") or []
    if category:
        said = f"{said}: {category}"
    if isinstance(fields, list) and fields:
        said = f"{said} ({', '.join(map(str, fields))})"
    return Change(
        entry=entry,
        what=said,
        note=str(entry.detail.get("note", "")),
        differences=entry.detail.get("changes") or (),
    )
