"""Every guardrail by name, and running them. Pure: what is waived is told, not looked up."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from agents.guardrails import abuse, form, grounding, injection, links, personal, promises
from agents.guardrails.subject import Subject
from agents.results import Check

log = logging.getLogger(__name__)

Side = Literal["input", "output"]
Effect = Literal["block", "escalate", "note"]
LONGEST_DETAIL = 300


@dataclass(frozen=True, kw_only=True)
class Guardrail:
    """A check. looks_at: what customers write, or what is drafted. catches: for the page.

    find: the sentence on what it found, "" for nothing.
    """

    name: str
    title: str
    catches: str
    looks_at: Side
    effect: Effect
    find: Callable[[Subject], str]


GUARDRAILS: tuple[Guardrail, ...] = (
    Guardrail(
        name="injection",
        title="Instructions to the assistant",
        catches="Text that tries to steer the assistant: orders to forget its instructions, another"
        " role, imitated turns, notes to an AI, calls of tools, approvals by a “colleague”.",
        looks_at="input",
        effect="escalate",
        find=injection.injection,
    ),
    Guardrail(
        name="hidden_text",
        title="Hidden text",
        catches="What a model reads and a person does not see: invisible characters, HTML comments,"
        " text styled away.",
        looks_at="input",
        effect="escalate",
        find=injection.hidden_text,
    ),
    Guardrail(
        name="abuse",
        title="Threats and insults to staff",
        catches="Threats of violence and insults aimed at who reads. Not anger, bad reviews or"
        " lawyers.",
        looks_at="input",
        effect="escalate",
        find=abuse.abuse,
    ),
    Guardrail(
        name="slots",
        title="Unfilled placeholders",
        catches="A placeholder that was not filled in.",
        looks_at="output",
        effect="block",
        find=form.slots,
    ),
    Guardrail(
        name="secrets",
        title="Removed secrets",
        catches="The mark of something that was removed from the customer's message.",
        looks_at="output",
        effect="escalate",
        find=form.secrets,
    ),
    Guardrail(
        name="personal_data",
        title="Personal data leaving",
        catches="Addresses, telephone, account, card and order numbers that are not this"
        " customer's or the company's.",
        looks_at="output",
        effect="block",
        find=personal.personal_data,
    ),
    Guardrail(
        name="tone",
        title="Rudeness in the draft",
        catches="Insults, swear words, talking down.",
        looks_at="output",
        effect="block",
        find=abuse.tone,
    ),
    Guardrail(
        name="money",
        title="Promises of money",
        catches="Refunds, credit, discounts and free things that no cited article, past reply or"
        " earlier answer supports.",
        looks_at="output",
        effect="escalate",
        find=promises.money,
    ),
    Guardrail(
        name="dates",
        title="Promises of dates",
        catches="Days, spans of time and guarantees that no cited article, past reply or earlier"
        " answer supports.",
        looks_at="output",
        effect="escalate",
        find=promises.dates,
    ),
    Guardrail(
        name="figures",
        title="Figures without a source",
        catches="Numbers that no cited article, message or fact of the company has.",
        looks_at="output",
        effect="escalate",
        find=grounding.figures,
    ),
    Guardrail(
        name="grounding",
        title="Claims without a source",
        catches="Sentences with figures, names or conditions, most of whose words no cited article,"
        " message or fact of the company has.",
        looks_at="output",
        effect="note",
        find=grounding.grounding,
    ),
    Guardrail(
        name="sources",
        title="Citations",
        catches="A draft that cites no article, or one it was not given.",
        looks_at="output",
        effect="escalate",
        find=form.sources,
    ),
    Guardrail(
        name="language",
        title="Another language",
        catches="A draft in another language than the customer's last messages.",
        looks_at="output",
        effect="escalate",
        find=form.language,
    ),
    Guardrail(
        name="links",
        title="Links elsewhere",
        catches="Links to hosts that are neither the company's (website, allowed_links) nor in a"
        " cited article.",
        looks_at="output",
        effect="escalate",
        find=links.links,
    ),
    Guardrail(
        name="length",
        title="Length",
        catches=f"A draft of more than {form.LONGEST_REPLY:,} characters.",
        looks_at="output",
        effect="escalate",
        find=form.length,
    ),
)
NAMED: Mapping[str, Guardrail] = {guardrail.name: guardrail for guardrail in GUARDRAILS}


class Waivers(Protocol):
    """What a run works with (`agents.configuration`), as far as it concerns guardrails."""

    @property
    def waived(self) -> Mapping[str, str]:
        """Guardrails that are switched off: name → why, as the result shall say it."""


def run_guardrails(
    subject: Subject,
    configuration: Waivers,
    *,
    looks_at: Side = "output",
    guardrails: Sequence[Guardrail] | None = None,
) -> tuple[Check, ...]:
    """Return what every guardrail of the side finds, in the registry's order.

    One that breaks has found something: its check fails, and a person is told. There is nothing to
    say of an empty draft.
    """
    if looks_at == "output" and not subject.draft:
        return ()
    waived = configuration.waived
    return tuple(
        _waived(guardrail, waived[guardrail.name])
        if guardrail.name in waived
        else _checked(guardrail, subject)
        for guardrail in (GUARDRAILS if guardrails is None else guardrails)
        if guardrail.looks_at == looks_at
    )


def _waived(guardrail: Guardrail, why: str) -> Check:
    return Check(name=guardrail.name, passed=True, effect="note", detail=why[:LONGEST_DETAIL])


def _checked(guardrail: Guardrail, subject: Subject) -> Check:
    try:
        found = guardrail.find(subject)
    except Exception:
        # Whatever it was, the draft is unchecked: silence would pass it.
        log.exception("guardrail %s broke", guardrail.name)
        detail = f"The check “{guardrail.title}” broke, so nothing is known of it."
        return Check(name=guardrail.name, passed=False, effect="escalate", detail=detail)
    return Check(
        name=guardrail.name,
        passed=not found,
        effect=guardrail.effect,
        detail=found[:LONGEST_DETAIL],
    )
