"""A ticket's conversation as a person reads it: bounded, however long it is.

A message may have a million characters and a ticket any number of messages. A page holds the
newest turns, each cut to its share; the rest is one plain-text page away. The cut is made in
the database, so that a long text does not travel only to be left out.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import JSONObject, Left, Length

from review.expressions import text_of
from review.models import Attachment, Message, ReviewItem, Ticket
from review.quoting import split_quoted

SHOWN_TURNS = 60
SHOWN_CHARS = 6_000
# All turns of a page together; one that comes too late still shows its first words.
SHOWN_CHARS_ALTOGETHER = 40_000
LEAST_SHOWN_CHARS = 300
# A conversation of so many turns is shown open; of a longer one at least the newest two.
SHOWN_OPEN = 3
LEAST_OPEN = 2
# How far a text is read for what it hides.
EXAMINED_CHARS = 20_000
ERASED = "[erased]"


@dataclass(frozen=True, kw_only=True)
class Turn:
    """A message as it is read: what was written, and the mail it quotes, folded.

    length: of the whole text in characters. examined: as much of it as is looked through.
    files: {id, name, size} each. is_new: whether it came after what the draft before had read.
    """

    message: Message
    visible: str
    quoted: str
    length: int
    examined: str
    files: Sequence[Mapping[str, Any]] = ()
    is_new: bool = False

    @property
    def words(self) -> str:
        """What was written, without the empty lines that part it from what it quotes."""
        return self.visible.rstrip() if self.quoted else self.visible

    @property
    def is_cut(self) -> bool:
        """Whether the page holds only the beginning."""
        return len(self.visible) + len(self.quoted) < self.length


def turns_of(
    ticket: Ticket, *, replaced_id: int | None = None, upto_seq: int | None = None
) -> Sequence[Turn]:
    """Return the newest turns, oldest first, each with as much text as fits a page.

    replaced_id: the item that a newer message superseded; what it had not read is new.
    upto_seq: the last turn that is asked for.
    """
    replaced = ReviewItem.objects.filter(pk__in=[replaced_id] if replaced_id else [])
    files = Attachment.objects.filter(message=OuterRef("pk")).order_by("pk")
    messages = ticket.messages.all()
    if upto_seq is not None:
        messages = messages.filter(seq__lte=upto_seq)
    rows = (
        messages.annotate(
            erased_at=F("body__erased_at"),
            length=Length(text_of("body__content")),
            head=Left(text_of("body__content"), EXAMINED_CHARS),
            files=ArraySubquery(files.values(json=JSONObject(id="pk", name="name", size="size"))),
            read_before=Subquery(replaced.values("upto_seq")),
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


def folded(turns: Sequence[Turn]) -> tuple[Sequence[Turn], Sequence[Turn]]:
    """Return the turns to fold and those to show: what the customer has asked since support wrote.

    Short conversations are shown whole, and so is every message that is new.
    """
    if len(turns) <= SHOWN_OPEN:
        return (), turns
    asked = len(turns)
    while asked and turns[asked - 1].message.sender == Message.Sender.CUSTOMER:
        asked -= 1
    new = next((at for at, turn in enumerate(turns) if turn.is_new), len(turns))
    # With what support wrote last: the customer answers it.
    first = max(0, min(asked - 1, new, len(turns) - LEAST_OPEN))
    return turns[:first], turns[first:]


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
        files=facts["files"],
        is_new=facts["read_before"] is not None and row.seq > facts["read_before"],
    )
