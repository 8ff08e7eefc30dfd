"""Finding tickets by words: of their subject, customer and messages, and of the ids they go by.

Words are cut out of texts and of what is searched for in the same way, here and not in the
database: an order number is found however it is written, and no query can be ill-formed.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

import regex
from django.db.models import BooleanField, F, Func, OuterRef, QuerySet, Subquery, Value

from observability.rows import tell
from review.models import Ticket, TicketWords

LONGEST_TEXT = 100_000  # characters of a text that are looked at
LONGEST_WORD = 32  # characters; a longer word is found by its beginning
MOST_WORDS = 4000  # of a ticket, or double that: a tsvector holds a megabyte
MOST_SEARCHED = 12  # words of a search
SHORTEST_BEGINNING = 2  # letters; one alone is the beginning of half the words there are
FEW = 5000  # tickets that are sorted faster than an order is searched for them

# In writing without spaces each sign counts as a word.
UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}"
WORD = regex.compile(rf"[{UNSPACED}]|[[\p{{L}}\p{{N}}]--[{UNSPACED}]]+", regex.V1)
MARK = regex.compile(r"\p{M}+")

ADD = """
INSERT INTO review_ticketwords AS known (ticket_id, words) VALUES (%s, array_to_tsvector(%s))
ON CONFLICT (ticket_id) DO UPDATE SET words = known.words || excluded.words
WHERE length(known.words) < %s
"""


@dataclass(frozen=True, kw_only=True)
class Search:
    """What is searched for, as PostgreSQL's tsquery; "" finds nothing."""

    query: str

    @classmethod
    def of(cls, text: str) -> "Search":
        """Return the search for every word of the text, or for words that begin with it."""
        words = words_of([text])[:MOST_SEARCHED]
        # Words are letters and digits alone: nothing in them can be taken for an operator.
        starts = (f"'{word}'{':*' * (len(word) >= SHORTEST_BEGINNING)}" for word in words)
        return cls(query=" & ".join(starts))

    def tickets(self) -> QuerySet[TicketWords]:
        """Return the words of the tickets that it finds."""
        if not self.query:
            return TicketWords.objects.none()
        return TicketWords.objects.filter(_Matches(F("words"), Value(self.query)))

    def finds_few(self) -> bool:
        """Whether it finds at most FEW tickets; one query."""
        return self.tickets()[: FEW + 1].count() <= FEW

    def finds_ticket(self) -> Func:
        """Return, for an item, whether its ticket is found: each is looked up for itself.

        Not a join: where most are found, an order is walked until enough of them are.
        """
        words = TicketWords.objects.filter(pk=OuterRef("ticket")).values("words")
        return _Matches(Subquery(words), Value(self.query))


def words_of(texts: Iterable[str]) -> list[str]:
    """Return the texts' different words, in lower case and without accents, at most MOST_WORDS."""
    words: dict[str, None] = {}
    for text in texts:
        for word in WORD.findall(_plain(text[:LONGEST_TEXT])):
            words[word[:LONGEST_WORD]] = None
            if len(words) == MOST_WORDS:
                return list(words)
    return list(words)


def index_ticket(ticket: Ticket, texts: Iterable[str]) -> None:
    """Have the ticket found by its subject, its customer, its id and the texts of its messages."""
    customer = ticket.customer
    named = [ticket.subject, ticket.external_id, customer.name, customer.email]
    index_texts(ticket.pk, [*named, *texts])


def index_texts(ticket_id: int, texts: Iterable[str]) -> None:
    """Have the ticket found by these texts too; in one statement of the caller's transaction."""
    tell(ADD, [ticket_id, words_of(texts), MOST_WORDS])


class _Matches(Func):
    """Whether a vector matches a query as it stands: to_tsquery would cut its words once more."""

    arg_joiner = " @@ "
    template = "%(expressions)s::tsquery"
    output_field = BooleanField()


def _plain(text: str) -> str:
    return str(MARK.sub("", unicodedata.normalize("NFKD", text.casefold())))
