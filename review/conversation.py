"""A ticket's conversation as a person reads it: bounded, however long it is.

A message may have a million characters and a ticket any number of messages. A page holds the
newest turns, each cut to its share; the rest is one plain-text page away. The cut is made in
the database, so that a long text does not travel only to be left out.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db.models import F, Func, TextField
from django.db.models.functions import Left, Length

from review.models import Message, Ticket
from review.quoting import split_quoted

SHOWN_TURNS = 60
SHOWN_CHARS = 6_000
# All turns of a page together; one that comes too late still shows its first words.
SHOWN_CHARS_ALTOGETHER = 40_000
LEAST_SHOWN_CHARS = 300
# How far a text is read for what it hides.
EXAMINED_CHARS = 20_000
ERASED = "[erased]"


@dataclass(frozen=True, kw_only=True)
class Turn:
    """A message as it is read: what was written, and the mail it quotes, folded.

    length: of the whole text in characters. examined: as much of it as is looked through.
    """

    message: Message
    visible: str
    quoted: str
    length: int
    examined: str

    @property
    def is_cut(self) -> bool:
        """Whether the page holds only the beginning."""
        return len(self.visible) + len(self.quoted) < self.length


def turns_of(ticket: Ticket) -> Sequence[Turn]:
    """Return the newest turns, oldest first, each with as much text as fits a page."""
    rows = (
        ticket.messages.annotate(
            erased_at=F("body__erased_at"),
            length=Length(_text()),
            head=Left(_text(), EXAMINED_CHARS),
        )
        .defer("redacted")
        .order_by("-seq")[:SHOWN_TURNS]
    )
    turns: list[Turn] = []
    left = SHOWN_CHARS_ALTOGETHER
    for row in rows:
        turn = _turn(row, min(SHOWN_CHARS, max(left, LEAST_SHOWN_CHARS)))
        left -= len(turn.visible) + len(turn.quoted)
        turns.append(turn)
    turns.reverse()
    return turns


def whole_text(messages: Sequence[Message]) -> Iterator[str]:
    """Yield the messages' texts whole, each under a line that says whose it is, if many."""
    for message in messages:
        if len(messages) > 1:
            sender = Message.Sender(message.sender).label
            yield f"{message.seq}. {sender}, {message.at:%Y-%m-%d %H:%M} UTC\n\n"
        body = message.body
        yield ERASED if body.erased_at else str(body.content or "")
        if len(messages) > 1:
            yield "\n\n\n"


def _text() -> Func:
    """Return the expression for a body's text: content is a JSON string."""
    return Func(F("body__content"), template="(%(expressions)s #>> '{}')", output_field=TextField())


def _turn(row: Message, room: int) -> Turn:
    facts = vars(row)  # what the query added
    text = ERASED if facts["erased_at"] else str(facts["head"] or "")
    shown = text[:room]
    visible, quoted = split_quoted(shown)
    return Turn(
        message=row,
        visible=visible or shown,
        quoted=quoted if visible else "",
        length=len(text) if facts["erased_at"] else facts["length"] or 0,
        examined=text,
    )
