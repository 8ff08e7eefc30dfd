"""How the timeline tells what happened, in the words of a colleague. Pure."""

from collections.abc import Mapping

ROWS = {
    "customer": "{who} wrote",
    "agent": "Support wrote",
    "run.done": "The agent read the conversation",
    "run.failed": "The agent failed on the conversation",
    "run.cancelled": "The agent stopped: something newer came in",
    "verdict.approve": "{who} countersigned the draft as it was",
    "verdict.edit": "{who} edited and countersigned it",
    "verdict.reject": "{who} rejected it",
    "verdict.respond": "{who} answered the agent",
    "comment": "{who} commented",
}
ENTRIES = {
    "ticket.accepted": "The ticket came in",
    "item.opened": "It was put before a person",
    "item.superseded": "A newer message replaced the draft",
    "item.escalated": "{who} escalated it to {to}",
    "item.released": "{who} released it",
    "item.snoozed": "{who} snoozed it until {until}",
    "item.woken": "{who} woke it",
    "item.assigned": "{who} handed it to {to}",
    "item.unassigned": "{who} handed it back to everybody",
    "item.taken_over": "{who} took it over from {from}",
    "item.moved": "{who} moved it to {to}",
    "item.corrected": "{who} began a correction of what was sent",
    "item.correction_closed": "The correction was closed; what was sent stands",
    "item.claimed": "{who} took it",
    "item.countersigned_first": "{who} countersigned it; a second person must as well",
    "item.carried_over": "It stayed with {to}, who was at work on it",
    "item.looked_at": "{who} looked at what is new",
    "item.redraft_asked": "{who} asked for another draft",
    "item.withdrawn": "The agent withdrew it",
    "item.approved_unread": "{who} approved it in a batch without opening it",
    "ticket.rerouted": "{who} sent the ticket to {to}",
    "verdict.undone": "{who} took it back before it left",
    "delivery.sent": "The reply was sent",
    "delivery.failed": "The reply could not be sent",
    "delivery.unknown": "It is unclear whether the reply was sent",
    "delivery.undone": "The reply was stopped before it left",
    "delivery.retried": "{who} had the reply tried again",
    "delivery.marked_sent": "{who} marked the reply as sent",
    "delivery.given_up": "{who} gave the reply up",
    "attachment.added": "{who} laid a file ready",
    "attachment.removed": "{who} took a file away",
}


UNSAID = {"from": "a colleague"}


class _Known(dict[str, str]):
    """What a sentence names; what is not known has a word that fits."""

    def __missing__(self, name: str) -> str:
        return UNSAID.get(name, "somewhere else")


def of_row(what: str, who: str, number: int | None) -> str:
    """Return the sentence for a row. number: of edit operations, for a verdict that edited."""
    sentence = ROWS[what].format(who=who)
    if what == "verdict.edit" and number:
        sentence += f", with {number} edit" + ("" if number == 1 else "s")
    return sentence


def of_entry(action: str, who: str, said: Mapping[str, str]) -> str:
    """Return the sentence for an audit entry. said: what it names, in words.

    An action that has no sentence of its own is told by its name: nothing is left out.
    """
    plain = action.partition(".")[2].replace("_", " ")
    known = _Known({**said, "who": who})
    return ENTRIES[action].format_map(known) if action in ENTRIES else f"{who}: {plain}"
