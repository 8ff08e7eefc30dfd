"""An agent of the tests: it does what it is told through its tools, and asks before it acts."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from agents import runner
from agents.errors import ToolFailed
from agents.journal import Journal
from agents.models import Agent, Run
from agents.requests import request_run
from agents.results import Proposal, RunResult
from agents.tools.calling import Told, call_tool
from agents.tools.registry import Tool, ToolContext, forget, register
from review.intake import conversation
from review.models import Ticket, TicketRun
from tests.builders import make_queue, make_ticket

NAME = "actor"
PAY = {
    "type": "object",
    "required": ["order", "amount"],
    "properties": {"order": {"type": "string"}, "amount": {"type": "number", "minimum": 0}},
    "additionalProperties": False,
}
LOOK = {
    "type": "object",
    "required": ["order"],
    "properties": {"order": {"type": "string"}},
}


@dataclass
class Till:
    """What the tools are connected to. keys: of the payments made; breaks: what they raise."""

    paid: list[Mapping[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    breaks: list[Exception] = field(default_factory=list)
    looked_up: int = 0

    def pay(self, arguments: Mapping[str, Any], context: ToolContext) -> Any:
        """Pay once a key, and then break if told to."""
        if self.breaks and isinstance(self.breaks[0], ToolFailed):
            raise self.breaks.pop(0)
        if context.key not in self.keys:
            self.keys.append(context.key)
            self.paid.append(arguments)
        if self.breaks:
            raise self.breaks.pop(0)
        return {"paid": arguments["amount"]}

    def pay_blindly(self, arguments: Mapping[str, Any], context: ToolContext) -> Any:
        """Pay each time, whatever the key."""
        self.paid.append(arguments)
        if self.breaks:
            raise self.breaks.pop(0)
        return {"paid": arguments["amount"]}

    def look_up(self, arguments: Mapping[str, Any], context: ToolContext) -> Any:
        self.looked_up += 1
        if self.breaks:
            raise self.breaks.pop(0)
        return {"order": arguments["order"], "status": "delivered"}


@dataclass
class Actor:
    """The agent. plan: the calls it makes, in order, as (tool, arguments)."""

    agent: Agent
    till: Till
    plan: Sequence[tuple[str, dict[str, Any]]] = ()
    told: list[Told] = field(default_factory=list)

    def act(self, journal: Journal, given: dict[str, Any]) -> RunResult:
        """Make the calls and say what came of them."""
        self.told = [
            call_tool(journal, f"call-{number}", tool, arguments, why="The customer asks for it.")
            for number, (tool, arguments) in enumerate(self.plan, start=1)
        ]
        said = "; ".join(f"{told.status}" for told in self.told)
        return RunResult(
            proposal=Proposal(kind="draft", text=f"Hello, {said}."),
            category="delivery",
            confidence=0.99,
            queue="orders",
        )

    def request(self, **fields: Any) -> Run:
        """Return a queued run of a ticket of its own."""
        accepted = make_ticket(**fields)
        ticket: Ticket = accepted.ticket
        assert accepted.run
        Run.objects.filter(pk=accepted.run.pk).update(status="cancelled")
        ticket.queue = make_queue("orders")
        ticket.save()
        run = request_run(NAME, {**conversation(ticket), "party": {"email": "ada@x.example"}})
        TicketRun.objects.create(ticket=ticket, run=run, upto_seq=ticket.last_seq)
        return run


@contextmanager
def acting() -> Iterator[Actor]:
    """Yield the agent with tools `pay` (takes a key), `pay_blindly` (takes none) and `look_up`."""
    agent, _ = Agent.objects.get_or_create(
        slug=NAME,
        defaults={
            "name": "Actor",
            "job": "Act.",
            "metric": "Acts.",
            "fallback_queue": "orders",
            "status": Agent.Status.LIVE,
        },
    )
    till = Till()
    actor = Actor(agent=agent, till=till)
    common: dict[str, Any] = {"schema": PAY, "effect": "irreversible", "is_local": True}
    register(
        NAME,
        Tool(name="pay", description="Pays.", call=till.pay, takes_key=True, **common),
        Tool(name="pay_blindly", description="Pays.", call=till.pay_blindly, **common),
        Tool(
            name="look_up",
            description="Looks up.",
            call=till.look_up,
            schema=LOOK,
            effect="read",
            is_local=True,
        ),
    )
    runner.AGENTS[NAME] = actor.act
    try:
        yield actor
    finally:
        forget(NAME)
        del runner.AGENTS[NAME]
