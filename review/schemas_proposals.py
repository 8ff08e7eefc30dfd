"""Proposals as agents write them: the API's bodies."""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from observability.storable import storable_json
from review.schemas import Incoming, Slug, Text

Title = Annotated[Text, StringConstraints(min_length=1, max_length=300, strip_whitespace=True)]
Description = Annotated[Text, StringConstraints(max_length=4_000)]
Reason = Annotated[Text, StringConstraints(min_length=1, max_length=300)]
Verdict = Literal["approve", "edit", "reject", "respond"]
Allowed = Annotated[list[Verdict], Field(min_length=1, max_length=4)]


Value = Annotated[Any, AfterValidator(storable_json)]
Object = Annotated[dict[str, Any], AfterValidator(storable_json)]


class DraftIn(Incoming):
    """A reply to the customer."""

    kind: Literal["draft"]
    text: Annotated[Text, StringConstraints(min_length=1, max_length=20_000)]


class DecisionIn(Incoming):
    """A choice that a person makes. schema: the JSON Schema of its value."""

    kind: Literal["decision"]
    question: Title
    description: Description = ""
    form: Object = Field(alias="schema")
    suggested: Value = None
    allows: Allowed = Field(default=["approve", "edit", "reject", "respond"])


class ToolCallIn(Incoming):
    """Something the agent will do once a person approves. schema: of its arguments."""

    kind: Literal["tool_call"]
    name: Annotated[Text, StringConstraints(pattern=r"^[A-Za-z][\w.-]{0,99}$")]
    description: Description = ""
    arguments: Object
    form: Object = Field(default_factory=dict, alias="schema")
    effect: Literal["read", "write", "irreversible"]
    allows: Allowed = Field(default=["approve", "reject"])


ActionIn = Annotated[DraftIn | DecisionIn | ToolCallIn, Field(discriminator="kind")]


class RevisionIn(Incoming):
    """Actions in order, each with its own verdict."""

    actions: Annotated[list[ActionIn], Field(min_length=1, max_length=10)]

    @model_validator(mode="after")
    def _approvable(self) -> Self:
        for action in self.actions:
            if isinstance(action, DecisionIn) and action.suggested is None:
                can_answer = {"edit", "respond"} & set(action.allows)
                if not can_answer:
                    raise ValueError("actions: a decision without a suggestion allows edit")
        return self

    def as_actions(self) -> list[dict[str, Any]]:
        """Return the actions as they are stored."""
        return [action.model_dump(mode="json", by_alias=True) for action in self.actions]


class ProposalIn(RevisionIn):
    """What an agent puts before a person."""

    agent: Slug = "triage"
    reasons: list[Reason] = Field(default=[], max_length=5)
    high_stakes: bool = False
    urgency: Literal["low", "normal", "high"] = "normal"
    queue: Annotated[Text, StringConstraints(max_length=50)] = ""
