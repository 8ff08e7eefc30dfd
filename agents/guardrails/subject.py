"""What guardrails look at: one conversation, and what an agent wants to answer. Pure."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from agents.guardrails.text import folded, sentences


@dataclass(frozen=True, kw_only=True)
class Source:
    """A text an answer may rest on: an article, or a reply that people sent before."""

    slug: str
    text: str
    title: str = ""


@dataclass(frozen=True, kw_only=True)
class Subject:
    """One conversation and one draft.

    conversation: {subject, messages: [{from, body}]}. fields: what was extracted. draft: "" while
    there is none. articles: all the agent was given; cited: the slugs its draft names. known: what
    else the run was told, such as tools' answers. language: of the customer, as extracted.
    """

    conversation: Mapping[str, Any]
    draft: str = ""
    articles: Sequence[Source] = ()
    cited: Sequence[str] = ()
    past_replies: Sequence[Source] = ()
    fields: Mapping[str, Any] = field(default_factory=dict)
    company: Mapping[str, Any] = field(default_factory=dict)
    party: Mapping[str, Any] = field(default_factory=dict)
    known: Sequence[str] = ()
    language: str = ""

    @cached_property
    def written(self) -> str:
        """What the customer wrote, subject first, as it came."""
        return "\n\n".join([str(self.conversation.get("subject", "")), *self._bodies("customer")])

    @cached_property
    def latest(self) -> str:
        """What the customer wrote since support last answered."""
        bodies: list[str] = []
        for message in reversed(self.conversation.get("messages", ())):
            if message.get("from") != "customer":
                break
            bodies.append(str(message.get("body", "")))
        return "\n\n".join(reversed(bodies))

    @cached_property
    def read(self) -> str:
        """What the customer wrote, folded for patterns."""
        return folded(self.written)

    @cached_property
    def drafted(self) -> str:
        """The draft, folded for patterns."""
        return folded(self.draft)

    @cached_property
    def cited_articles(self) -> tuple[Source, ...]:
        """The articles the draft says it rests on."""
        return tuple(article for article in self.articles if article.slug in self.cited)

    @cached_property
    def company_facts(self) -> str:
        """What the company says of itself, as one text."""
        return "\n".join(texts(self.company))

    @cached_property
    def own(self) -> str:
        """What is this customer's or the company's own: the conversation, party, facts, known."""
        return "\n".join(
            [
                self.written,
                *self._bodies("agent"),
                *texts(self.party),
                *texts(self.conversation.get("customer", {})),
                *texts(self.fields),
                self.company_facts,
                *self.known,
            ]
        )

    @cached_property
    def promised(self) -> tuple[str, ...]:
        """What may support a promise; never what the customer says was promised."""
        return (
            *(f"{article.title}\n{article.text}" for article in self.cited_articles),
            *(reply.text for reply in self.past_replies),
            *self._bodies("agent"),
            self.company_facts,
            *self.known,
        )

    @cached_property
    def promised_lines(self) -> tuple[str, ...]:
        """The sentences of what may support a promise, folded for patterns."""
        return tuple(line for text in self.promised for line in sentences(folded(text)))

    def _bodies(self, sender: str) -> list[str]:
        return [
            str(message.get("body", ""))
            for message in self.conversation.get("messages", ())
            if message.get("from") == sender
        ]


def texts(value: Any) -> Iterator[str]:
    """Yield every text and number in a value as JSON has them."""
    if isinstance(value, Mapping):
        for one in value.values():
            yield from texts(one)
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from texts(one)
    elif value is not None:
        yield value if isinstance(value, str) else json.dumps(value, default=str)
