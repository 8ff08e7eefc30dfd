"""Escalation within a run: the rules that hold, and the plan that tier 3 makes where one asks.

The embedded model makes no plans and is never asked for one: then the person has the rule alone.
"""

from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any

from agents.errors import ModelError
from agents.journal import Journal
from agents.model_steps import model_step
from agents.models import Category, TierVersion
from agents.policies import caught_by
from agents.results import Caught, Check, Plan, PlanOption
from agents.rule_facts import facts_of
from agents.rules import OUT_OF_SCOPE
from agents.tiers import is_embedded
from agents.triage.schemas import Planned

TASK = "plan"
OUT_OF_SCOPE_REASON = "No category of this agent fits the message."
# Added to the category's guidance: what is grave is decided first and answered after.
HOLDING = (
    "A colleague decides on this conversation first. Draft a holding reply: say that it was read, "
    "who looks into it, and nothing of guilt, money, law or dates."
)


class Escalation:
    """The rules that hold for a run from its classification on, and the plan they ask for.

    known: what the result will say of category, confidence, urgency and language.
    """

    def __init__(
        self,
        journal: Journal,
        conversation: dict[str, Any],
        categories: Mapping[str, Category],
        known: Mapping[str, Any],
    ) -> None:
        self.journal = journal
        self.conversation = conversation
        self.categories = categories
        self.known = known
        self.caught = self._caught(())
        self.plan: Plan | None = None
        self.plan_error = ""
        self._make_plan()

    def no_draft_reason(self) -> str:
        """Return why nothing is to be drafted, empty where a draft is to be made."""
        if self.known["category"] == OUT_OF_SCOPE:
            return OUT_OF_SCOPE_REASON
        return next((one.reason for one in self.caught if one.outcome == "block"), "")

    def guidance(self, of_category: str) -> str:
        """Return the guidance for the draft; with a plan, that it is to be a holding reply."""
        return f"{of_category}\n\n{HOLDING}".strip() if self._is_planned else of_category

    def found(self, checks: Sequence[Check]) -> dict[str, Any]:
        """Return what the result says of it, the checks' findings known."""
        was_planned = self._is_planned
        self.caught = self._caught(checks)
        if not was_planned:
            self._make_plan()
        return {"caught": self.caught, "plan": self.plan, "plan_error": self.plan_error}

    @property
    def _is_planned(self) -> bool:
        return any(one.outcome == "plan" for one in self.caught)

    def _caught(self, checks: Sequence[Check]) -> tuple[Caught, ...]:
        facts = facts_of(
            self.conversation,
            category=self.known["category"],
            confidence=self.known["confidence"],
            urgency=self.known["urgency"],
            language=self.known["language"],
            checks=tuple(checks),
        )
        names = {slug: category.name for slug, category in self.categories.items()}
        policy = self.journal.configuration.policy
        return caught_by(self.journal.run.agent, policy, facts, names)

    def _make_plan(self) -> None:
        """Have tier 3 plan where a rule asks for it. Its failing never loses the ticket."""
        tier = planning_tier(self.journal.configuration.tier_for(TASK))
        if tier is None or not self._is_planned:
            return
        try:
            answer = model_step(self.journal, TASK, self._document(), Planned, tier=tier)
        except ModelError as error:
            self.plan_error = str(error) or error.error_type
        else:
            self.plan = _plan(answer)

    def _document(self) -> dict[str, Any]:
        category = self.categories.get(self.known["category"])
        company = self.journal.run.agent.company
        return {
            "rules": [
                {"name": one.name, "reason": one.reason, "found": one.found} for one in self.caught
            ],
            "category": category.name if category else "",
            "guidance": category.guidance if category else "",
            "refund_limit": company.get("refund_limit"),
            "currency": company.get("currency"),
            "fields": self.known["fields"],
            "conversation": self.conversation,
        }


def planning_tier(tier: TierVersion) -> TierVersion | None:
    """Return the tier without the embedded model, which makes no plans; None if that is all."""
    models = [model for model in tier.models if not is_embedded(model)]
    if not models:
        return None
    able = copy(tier)
    able.model, *able.fallbacks = models
    return able


def _plan(answer: Mapping[str, Any]) -> Plan:
    return Plan(
        summary=answer["summary"],
        options=tuple(
            PlanOption(title=o["title"], steps=tuple(o["steps"]), risks=tuple(o["risks"]))
            for o in answer["options"]
        ),
        recommended=answer["recommended"] - 1,
        why=answer["why"],
        must_not_say=tuple(answer["must_not_say"]),
    )
