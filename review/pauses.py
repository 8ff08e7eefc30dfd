"""Runs of this installation that wait for a person: the items that ask, and the answers back."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Concat

from agents import effects
from agents.models import Effect, Pause, PolicyVersion, Run
from agents.pauses import Answer, open_pauses, resume
from agents.policies import currency_of, rules_of
from agents.rule_facts import facts_of_action
from agents.tools.calling import DO_AGAIN, WAS_DONE, question_about
from agents.tools.registry import tools_of
from agents.versions import in_force
from review import audit
from review.actions import EFFECTS, actions_of
from review.asking import put_before_a_person
from review.escalation import Decision, Reason, rules_for_action
from review.handing_on import known_before
from review.items import drop_claim, queue_called
from review.models import Delivery, Queue, ReviewItem, Ticket, TicketRun, Verdict

UNKNOWN = "unknown"
WHY = {
    "acts": {"code": "agent_acts", "text": "The agent wants to do something."},
    UNKNOWN: {"code": "effect_unknown", "text": "Nobody knows whether something was done."},
}


@transaction.atomic
def ask(run_id: int) -> ReviewItem | None:
    """Open the item that the waiting run's question calls for; return it, None when it stands."""
    if not open_pauses().filter(run=run_id).exists():
        return None
    link = _locked_link(run_id)
    pause = open_pauses().filter(run=run_id).select_related("proposal").first()
    if link is None or pause is None or _standing(run_id, pause.step_key).exists():
        return None
    content = pause.proposal.content or {"actions": []}
    decision = _ruled(link.run, link.ticket, content["actions"])
    queue = Queue.objects.filter(slug=decision.queue).first() if decision.queue else None
    return put_before_a_person(
        link.ticket,
        link.run,
        {"actions": content["actions"]},
        step_key=pause.step_key,
        upto_seq=link.upto_seq,
        reasons=_reasons(content, decision.reasons, known_before(link.run)),
        urgency="high" if content.get("why") == UNKNOWN else "normal",
        queue=queue or link.ticket.queue or queue_called(link.run.agent.fallback_queue),
        needs_second=decision.needs_second,
    )


@transaction.atomic
def ask_about(effect_id: int) -> ReviewItem | None:
    """Open the item that asks how a call ended which an ended run left unclear."""
    run_id = Effect.objects.values_list("run_id", flat=True).get(pk=effect_id)
    link = _locked_link(run_id)
    effect = Effect.objects.select_related("arguments", "run").get(pk=effect_id)
    key = f"{effect.step_key}/{UNKNOWN}"
    is_open = effect.state == Effect.State.UNKNOWN and effect.run.status in Run.ENDED
    if link is None or not is_open or _standing(effect.run_id, key).exists():
        return None
    question = question_about(effect.tool, effect.arguments.content or {}, effect)
    (action,) = question["actions"]
    # Its run is over: a person can say how it ended, and no agent will do it again.
    action["schema"] = {
        "enum": [choice for choice in action["schema"]["enum"] if choice != DO_AGAIN]
    }
    return put_before_a_person(
        link.ticket,
        link.run,
        {"actions": [action]},
        step_key=key,  # whatever the customer has written since: it is of what was done before
        reasons=[WHY[UNKNOWN]],
        urgency="high",
        queue=link.ticket.queue or queue_called(link.run.agent.fallback_queue),
    )


def hold_to_rules(item: ReviewItem, arguments: Mapping[str, Any]) -> None:
    """Ask a second person for what a first one made of the call, where the rules want two."""
    (action,) = (item.proposal.content or {"actions": [{}]})["actions"]
    decision = _ruled(item.run, item.ticket, [{**action, "arguments": arguments}])
    if not decision.needs_second:
        return
    new = [vars(one) for one in decision.reasons if one.code not in item.reason_codes]
    item.needs_second = True
    item.reasons = [*item.reasons, *new]
    item.reason_codes = [*item.reason_codes, *(one["code"] for one in new)]
    item.save(update_fields=["needs_second", "reasons", "reason_codes"])


def unasked() -> "QuerySet[Pause, int]":
    """Return the runs that wait for a person who is not asked yet, oldest first."""
    standing = _standing(OuterRef("run"), OuterRef("step_key"))
    waiting = open_pauses().filter(~Exists(standing)).order_by("pk")
    return waiting.values_list("run_id", flat=True)


def unasked_effects() -> "QuerySet[Effect, int]":
    """Return the unclear effects of ended runs about which nobody is asked, oldest first."""
    unclear = Effect.objects.filter(state=Effect.State.UNKNOWN, run__status__in=Run.ENDED)
    standing = _standing(OuterRef("run"), Concat(OuterRef("step_key"), Value(f"/{UNKNOWN}")))
    return unclear.filter(~Exists(standing)).order_by("pk").values_list("pk", flat=True)


def answer(item: ReviewItem) -> None:
    """Give the item's verdict to the run that waits for it, or to the effect it left unclear."""
    verdict = item.verdicts.select_related("final").get(revision=item.revision, action=0)
    if not _resumed(item, verdict) and item.step_key.endswith(f"/{UNKNOWN}"):
        _settle_effect(item, verdict)


def _resumed(item: ReviewItem, verdict: Verdict) -> bool:
    said = verdict.final.content if verdict.final else None
    return resume(
        item.run_id,
        item.step_key,
        Answer(
            verdict=verdict.kind,  # type: ignore[arg-type]
            final=said,
            reason=verdict.reason,
            proposed_digest=verdict.proposed_digest,
            revision=verdict.revision,
            final_digest=verdict.final_digest,
        ),
    )


@transaction.atomic
def expire(run_id: int, now: datetime) -> ReviewItem | None:
    """End the run and the question that nobody answered in time; return the item that says so.

    Silence never approves. Whoever is at work on it keeps it.
    """
    link = _locked_link(run_id)
    pause = open_pauses().filter(run=run_id, expires_at__lte=now).first()
    if link is None or pause is None:
        return None
    item = (
        ReviewItem.objects.select_for_update()
        .filter(run=run_id, step_key=pause.step_key, status=ReviewItem.Status.OPEN)
        .first()
    )
    if item is None or (item.claim_expires_at and item.claim_expires_at > now):
        return None
    Run.objects.filter(pk=run_id, status=Run.Status.WAITING).update(
        status=Run.Status.FAILED, error_type="expired", finished_at=now
    )
    drop_claim(item)
    item.status = ReviewItem.Status.EXPIRED
    item.save()
    audit.record(None, "item.expired", item, before=item.digest)
    return item


def expired(now: datetime) -> "QuerySet[Pause, int]":
    """Return the runs whose question has waited longer than it may, the longest first."""
    due = open_pauses().filter(expires_at__lte=now).order_by("expires_at")
    return due.values_list("run_id", flat=True)


def _ruled(run: Run, ticket: Ticket, actions: Sequence[Mapping[str, Any]]) -> Decision:
    """Return what the agent's escalation rules ask of the call that waits."""
    (action,) = actions
    tool = tools_of(run.agent.slug).get(str(action.get("name", "")))
    if tool is None:  # a question about a call whose end is unclear
        return Decision(outcome="review", reasons=())
    arguments = action["arguments"]
    facts = facts_of_action(
        run.input.content or {},
        tool=tool.name,
        effect=tool.effect_with(arguments),
        amount=tool.amount_of(arguments) if tool.amount_of else None,
        currency=currency_of(run.agent),
        category=ticket.category,
    )
    version = in_force(PolicyVersion, run.environment, agent=run.agent)
    return rules_for_action(rules_of(run.agent, version), facts)


def _settle_effect(item: ReviewItem, verdict: Verdict) -> None:
    key = item.step_key.removesuffix(f"/{UNKNOWN}")
    effect = Effect.objects.filter(run=item.run_id, step_key=key).first()
    if effect is None or effect.state != Effect.State.UNKNOWN:
        return
    said = str(verdict.final.content) if verdict.final else "Left as it is."
    state = Effect.State.DONE if said == WAS_DONE else Effect.State.FAILED
    effects.settle(effect, state, said)


def _locked_link(run_id: int) -> TicketRun | None:
    """Return the run's ticket, locked, with the run; None for a run without one."""
    link = TicketRun.objects.select_related("run__agent", "run__input").filter(run=run_id).first()
    if link is None:
        return None
    link.ticket = Ticket.objects.select_for_update().get(pk=link.ticket_id)
    return link


def _standing(run: Any, step_key: Any) -> QuerySet[ReviewItem]:
    """Return the items of the step that still ask, or whose answer is on its way to the run.

    One that was overtaken, withdrawn or not answered in time asks no more.
    """
    on_its_way = Delivery.objects.filter(
        verdict__item=OuterRef("pk"),
        verdict__revision=OuterRef("revision"),
        state=Delivery.State.DUE,
    )
    asks = Q(status=ReviewItem.Status.OPEN)
    answered = Q(Exists(on_its_way), status=ReviewItem.Status.DECIDED)
    return ReviewItem.objects.filter(asks | answered, run=run, step_key=step_key)


def _reasons(
    content: Mapping[str, Any], rules: Sequence[Reason], before: Sequence[Reason]
) -> list[dict[str, str]]:
    """Return why the call comes to a person: that it cannot be undone, unless a rule says more.

    before: what was known of the ticket before the agent had it.
    """
    if not rules and any(action.effect == "irreversible" for action in actions_of(content)):
        rules = [Reason(code="irreversible", text=EFFECTS["irreversible"])]
    told = {reason.code: vars(reason) for reason in (*before, *rules)}
    return [WHY[str(content.get("why"))], *told.values()]
