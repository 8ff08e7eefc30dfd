"""A policy as the pages show it: what is in force, in staging and in the draft, row by row."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.contrib.auth.models import User
from django.db.models import Count, Q, Sum

from agents import versions
from agents.models import DRAFT, LIVE, STAGING, Agent, PolicyVersion, Promotion, Step
from agents.policies import default_rows, rules_of
from agents.rule_sentences import Change, Names, category_name, differences, placed_sentence
from agents.rules import Rule
from agents.tiers import is_embedded, live_tier, tier_of
from review.escalation import rule_code
from review.models import Queue

SHOWN_VERSIONS = 30
TIER_3 = 3
LOOKED_BACK = timedelta(days=28)
KIND = "policy"


@dataclass(frozen=True, kw_only=True)
class Table:
    """The rules of one environment. version: None for those the agent came with."""

    environment: str
    version: PolicyVersion | None
    rules: tuple[Rule, ...]


@dataclass(frozen=True, kw_only=True)
class Line:
    """A row as the page shows it. change: against what is in force."""

    rule: Rule
    sentence: str
    change: Change
    before: str = ""

    @property
    def code(self) -> str:
        """The reason that items carry which it caught."""
        return rule_code(self.rule.id)


@dataclass(frozen=True, kw_only=True)
class Group:
    """The rows of one category, in their order."""

    name: str
    lines: Sequence[Line]


@dataclass(frozen=True, kw_only=True)
class Tables:
    """An agent's policy everywhere. draft, staging: None where they do not differ from live."""

    live: Table
    draft: Table | None
    staging: Table | None


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A wish to put a policy into force. mine: whether the reader asked it themselves."""

    promotion: Promotion
    version: PolicyVersion
    mine: bool


@dataclass(frozen=True, kw_only=True)
class Share:
    """Tier 3's part of the calls and of what they cost. is_embedded: it makes no plans."""

    calls: int
    of_calls: int
    cost_usd: Decimal
    of_cost_usd: Decimal
    is_embedded: bool
    days: int

    @property
    def calls_percent(self) -> float:
        """Of all model calls."""
        return 100 * self.calls / self.of_calls if self.of_calls else 0.0

    @property
    def cost_percent(self) -> float:
        """Of what all priced calls cost."""
        return float(100 * self.cost_usd / self.of_cost_usd) if self.of_cost_usd else 0.0


def tables_of(agent: Agent) -> Tables:
    """Return the agent's tables, in one query."""
    rows = PolicyVersion.objects.filter(agent=agent, is_live=True).select_related(
        "created_by", "approved_by"
    )
    found = {row.environment: row for row in rows}
    live = _table(agent, LIVE, found.get(LIVE))
    others = {name: _table(agent, name, found[name]) for name in (DRAFT, STAGING) if name in found}
    differing = {name: table for name, table in others.items() if table.rules != live.rules}
    return Tables(live=live, draft=differing.get(DRAFT), staging=differing.get(STAGING))


def names_of(agent: Agent) -> Names:
    """Return what the agent's categories and all queues are called."""
    return Names(
        categories=dict(agent.categories.values_list("slug", "name")),
        queues=dict(Queue.objects.values_list("slug", "name")),
    )


def groups(table: Table, live: Table, names: Names) -> list[Group]:
    """Return the table's rows by category, those for every category first; then what is gone."""
    found: dict[str, list[Line]] = {}
    for one in differences(live.rules, table.rules):
        rule = one.rule
        was = placed_sentence(one.before, names) if one.change == "changed" and one.before else ""
        said = placed_sentence(rule, names)
        line = Line(rule=rule, sentence=said, change=one.change, before=was)
        found.setdefault(rule.category, []).append(line)
    order = sorted(found, key=lambda slug: (slug != "*", category_name(slug, names).casefold()))
    return [Group(name=category_name(slug, names), lines=found[slug]) for slug in order]


def history_of(agent: Agent) -> list[PolicyVersion]:
    """Return the versions that were in force, newest first."""
    return list(versions.history(PolicyVersion, LIVE, agent_id=agent.pk)[:SHOWN_VERSIONS])


def asked_for(agent: Agent, user: User) -> list[Asked]:
    """Return the wishes for this agent's policy that wait for a second person."""
    waiting = Promotion.objects.filter(outcome=Promotion.Outcome.ASKED, environment=LIVE)
    found = []
    for promotion in waiting.select_related("asked_by"):
        kinds = [kind for kind, _ in promotion.versions]
        if kinds != [KIND]:
            continue
        version = PolicyVersion.objects.filter(pk=promotion.versions[0][1], agent=agent).first()
        if version is not None:
            mine = promotion.asked_by_id == user.pk
            found.append(Asked(promotion=promotion, version=version, mine=mine))
    return found


def table_of_version(agent: Agent, version: PolicyVersion | None) -> Table:
    """Return the rules of a version; without one, those the agent came with."""
    return _table(agent, version.environment if version else LIVE, version)


def agents_with_a_policy() -> list[Agent]:
    """Return the agents that have rules, by name."""
    has_versions = set(PolicyVersion.objects.values_list("agent_id", flat=True).distinct())
    return [
        agent
        for agent in Agent.objects.order_by("name")
        if agent.pk in has_versions or default_rows(agent.slug)
    ]


def tier_3_share(now: datetime) -> Share:
    """Return tier 3's share of calls and cost in live runs of the last days, in one query more."""
    of_tier = Q(tier=TIER_3)
    found = Step.objects.filter(
        kind=Step.Kind.MODEL, finished_at__gte=now - LOOKED_BACK, run__environment=LIVE
    ).aggregate(
        calls=Count("pk", filter=of_tier),
        of_calls=Count("pk"),
        cost=Sum("cost_usd", filter=of_tier, default=Decimal(0)),
        of_cost=Sum("cost_usd", default=Decimal(0)),
    )
    models = live_tier(tier_of("plan")).models
    return Share(
        calls=found["calls"],
        of_calls=found["of_calls"],
        cost_usd=found["cost"],
        of_cost_usd=found["of_cost"],
        is_embedded=all(map(is_embedded, models)),
        days=LOOKED_BACK.days,
    )


def _table(agent: Agent, environment: str, version: PolicyVersion | None) -> Table:
    return Table(environment=environment, version=version, rules=rules_of(agent, version))
