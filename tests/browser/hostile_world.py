"""An installation under attack: hostile customers, a hostile model, hostile names in every place.

Everything comes in as it would from outside: tickets by the API, answers from a model provider
over HTTP. Only what has no public door (articles, past replies, names that an admin gives) is
put in by the installation's own code.
"""

import json
import re
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from agents.guardrails.form import SLOT
from review.conversation import SHOWN_TURNS
from review.intake import SUBJECT_LENGTH
from review.redaction import redact
from tests.hostile import bare_payloads, payloads
from tests.peers import Received, Reply, http_server
from tests.provider import ANSWERS, completion, document_of, form_of
from tests.stack import PASSWORD, Stack, wait_until

ATTACKED = "attacked"
EMAIL = '"<svg/onload=alert(1)>"@evil.example'
NAME = '"><img src=/pwned onerror=alert(1)>\u202e'
# Cases of their own: the provider fails, the category is none, there is no draft.
FAILING, OUT_OF_SCOPE, DRAFTLESS = 500, 501, 502
SINGLE_TICKETS = 20

SET_UP = """
import json
from django.contrib.auth.models import Group, User
from agents.evals.datasets import PAST_REPLIES
from agents.evals.models import Dataset, Example
from agents.models import Agent, Category, TierVersion
from memory.knowledge import NewArticle, store_article
from review.models import Queue
from review.tokens import create_token
name, password, texts = {name!r}, {password!r}, {texts!r}
above, _ = Queue.objects.get_or_create(slug="attacked-lead", defaults={{"name": name}})
queue, _ = Queue.objects.get_or_create(
    slug="attacked", defaults={{"name": name, "escalates_to": above}}
)
user = User(username="attacked", first_name=name, last_name=name)
user.set_password(password)
user.save()
user.groups.add(Group.objects.get(name="reviewer"))
queue.members.add(user)
above.members.add(user)
agent = Agent.objects.get(slug="triage")
Category.objects.create(
    agent=agent, slug="attacked", name=name, description=name, guidance=name, queue="attacked"
)
dataset = Dataset.objects.get(agent=agent, name=PAST_REPLIES)
for number, text in enumerate(texts):
    slug = f"attacked-{{number}}"
    store_article(
        NewArticle(slug=slug, title=text[:150], body=text, categories=["attacked"])
    )
    Example.objects.create(
        dataset=dataset, external_id=slug, text=text, label="attacked", reply=text,
        fields={{"articles": [slug]}},
    )
live = TierVersion.objects.filter(is_live=True)
before = list(live.values("pk", "model", "fallbacks", "endpoints"))
live.update(
    model="openai/attacked", fallbacks=[], endpoints={{"openai/attacked": {url!r}}}
)
print(json.dumps({{"before": before, "token": create_token("attacked", ["submit"])}}))
"""
RESTORE = """
import json
from agents.evals.models import Example
from agents.models import Category, TierVersion
from memory.models import Article
for row in json.loads({before!r}):
    TierVersion.objects.filter(pk=row.pop("pk")).update(**row)
Category.objects.filter(slug="attacked").delete()
Example.objects.filter(label="attacked").delete()
Article.objects.filter(slug__startswith="attacked-").delete()
"""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A ticket: its marker, which leads its first message, and what the model says of it."""

    number: int
    subject: str
    name: str
    bodies: list[str]

    @property
    def subject_shown(self) -> str:
        """The subject as it is stored."""
        return redact(" ".join(self.subject.split())).text[:SUBJECT_LENGTH]

    @property
    def marker(self) -> str:
        return f"case-{self.number}"


@dataclass
class World:
    """The attacked installation. items: the item of each case by its number."""

    stack: Stack
    token: str
    cases: list[Case]
    items: dict[int, int] = field(default_factory=dict)

    def expected(self, case: Case) -> list[str]:
        """The bodies as they are stored and a browser's text gives them back."""
        return [one_line_end(redact(body).text) for body in case.bodies]

    def submit(self, case: Case) -> int:
        first, *further = case.bodies
        ticket = {
            "external_id": case.marker,
            "subject": case.subject,
            "body": first,
            "customer": {"email": f"{case.marker}@evil.example", "name": case.name},
            "queue": ATTACKED,
            "source": "attacked-source",
            "messages": [{"body": body} for body in further],
        }
        if case.number == 0:
            ticket["customer"] = {"email": EMAIL, "name": case.name}
        return int(self.call("/api/v1/tickets", ticket)["id"])

    def call(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        request = urllib.request.Request(
            f"{self.stack.url}{path}",
            data=json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as response:
            answer: dict[str, Any] = json.load(response)
            return answer


def one_line_end(text: str) -> str:
    """Return the text as an HTML parser gives it back."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def cases() -> list[Case]:
    """Every payload in a message, full conversations first, and by turns in subject and name."""
    bare = [payload.text for payload in bare_payloads()]
    texts = [payload.text for payload in payloads()]
    size = SHOWN_TURNS - 1
    full = [texts[start : start + size] for start in range(0, len(texts), size)]
    numbered = [*full, *([] for _ in range(SINGLE_TICKETS))]
    found = [
        Case(
            number=number,
            subject=bare[number * 5 % len(bare)],
            name=bare[(number * 5 + 2) % len(bare)][:200],
            bodies=[f"case-{number}", *bodies],
        )
        for number, bodies in enumerate(numbered)
    ]
    special = (FAILING, OUT_OF_SCOPE, DRAFTLESS)
    return found + [
        Case(number=number, subject=bare[number % 90], name=bare[1], bodies=[f"case-{number}"])
        for number in special
    ]


def answer(request: Received) -> Reply:
    """Answer as a model would that was talked into anything; anyone else's ticket is let be."""
    form = form_of(request)
    marker = re.search(rb"case-(\d+)", request.body)
    if marker is None:
        return completion(_harmless(form, document_of(request)))
    number = int(marker[1])
    texts = [payload.text for payload in bare_payloads()]
    if number == FAILING:
        return Reply(
            status=400, body="".join(texts).encode(), headers={"Content-Type": "text/html"}
        )
    return completion(
        _hostile(form, number, [texts[(number * 24 + n) % len(texts)] for n in range(24)])
    )


def _hostile(form: str, number: int, texts: list[str]) -> dict[str, Any]:
    if form == "Extracted":
        return {
            "language": "en",
            "order_numbers": texts[:8],
            "products": texts[8:16],
            "urgency": "high",
            "urgency_signs": texts[16:],
        }
    if form == "Classified":
        others = [{"category": text, "confidence": 0.2} for text in [*texts[:5], ATTACKED]]
        category = texts[0] if number == OUT_OF_SCOPE else ATTACKED
        return {"category": category, "confidence": 0.4, "alternatives": others}
    # A draft with an unfilled slot is not shown at all.
    reply = "\n".join(text for text in texts if not SLOT.search(text))
    return {
        "reply": "" if number == DRAFTLESS else reply,
        "articles": ["attacked-0", "attacked-1", "attacked-2", *texts[:3]],
        "no_draft_reason": "\n".join(texts),
    }


def _harmless(form: str, document: dict[str, Any]) -> dict[str, Any]:
    if form != "Classified":
        return ANSWERS[form]
    categories = [category["slug"] for category in document["categories"]]
    category = next(slug for slug in categories if slug != ATTACKED)
    return {"category": category, "confidence": 0.5, "alternatives": []}


@contextmanager
def attacked(stack: Stack) -> Iterator[World]:
    """Yield the installation with every case in; its models are its own again at the end."""
    texts = [payload.text[:500] for payload in bare_payloads()[::12]]
    with http_server(answer) as peer:
        code = SET_UP.format(name=NAME, password=PASSWORD, texts=texts, url=peer.url)
        told = json.loads(stack.manage("shell", "-v0", "-c", code).splitlines()[-1])
        world = World(stack=stack, token=told["token"], cases=cases())
        try:
            tickets = {world.submit(case): case.number for case in world.cases}
            opened = "SELECT id, ticket_id FROM review_reviewitem WHERE ticket_id = ANY(%s)"
            wait_until(
                lambda: len(stack.rows(opened, list(tickets))) == len(tickets),
                "every attack is in the inbox",
            )
            for row in stack.rows(opened, list(tickets)):
                world.items[tickets[row["ticket_id"]]] = row["id"]
            yield world
        finally:
            stack.manage("shell", "-v0", "-c", RESTORE.format(before=json.dumps(told["before"])))
