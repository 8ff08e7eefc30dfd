"""The demo company: its queues, knowledge, past replies and examples, people and tickets."""

from datetime import timedelta
from typing import Any

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.utils import timezone

from agents.evals.datasets import EXAMPLES, PAST_REPLIES
from agents.evals.models import Dataset, Example
from agents.models import Agent, Category
from memory.knowledge import store_article
from observability import recorder
from review.agent_definitions import install_missing
from review.demo import files, hours, play
from review.demo.shop.loading import load_shop
from review.demo.shop.models import ShopOrder
from review.demo.shop.tools import AGENT as RESOLUTION_AGENT
from review.models import AuditEntry, Macro, Queue, Source
from review.service import writing
from review.service.changing import set_levels
from review.service.levels import Levels

CATEGORY_FACTS = ("name", "description", "guidance", "queue")
YEARS_OF_HOLIDAYS = 3
# So far back reach the tickets of the demo's past, with some days to spare.
PAST_DAYS = 42


@transaction.atomic
def load_demo(agent: Agent, password: str) -> None:
    """Fill an installation with the demo company and its first tickets; safe to repeat.

    Accounts, queues and categories that exist already stay as they are, and are not the demo's.
    """
    company = files.company()
    made = {
        "queues": _load_queues(company["queues"]),
        "accounts": _load_people(company["demo_users"], password)
        + _load_people(company["reviewers"], password=None),
        "categories": _load_agent(agent, company),
    }
    add_shop(agent)
    for article in files.articles():
        store_article(article)
    _load_examples(agent)
    _load_macros()
    today = timezone.now().date()
    recorder.make_partitions(today - timedelta(days=PAST_DAYS), days=PAST_DAYS)
    source, is_new = Source.objects.get_or_create(
        slug=files.SOURCE, defaults={"name": "Demo", "is_demo": True}
    )
    if is_new:
        play.begin(source, made)


def set_passwords(password: str) -> None:
    """Give the accounts that the demo made for people to log in with this password."""
    names = {person["username"] for person in files.company()["demo_users"]}
    for user in User.objects.filter(username__in=names & set(play.made("accounts"))):
        user.set_password(password)
        user.save(update_fields=["password"])


def is_loaded() -> bool:
    """Whether the demo was loaded before."""
    return Source.objects.filter(slug=files.SOURCE).exists()


def was_removed() -> bool:
    """Whether somebody took the demo away: it does not come back by itself."""
    return AuditEntry.objects.filter(action=play.REMOVED).exists()


def _load_queues(queues: list[dict[str, Any]]) -> list[str]:
    """Return the slugs of the queues that were made."""
    made = []
    for position, queue in enumerate(queues):
        defaults = {
            "name": queue["name"],
            "description": queue["description"],
            "position": position,
        }
        if Queue.objects.get_or_create(slug=queue["slug"], defaults=defaults)[1]:
            made.append(queue["slug"])
    for queue in queues:
        if queue["slug"] in made and queue["escalates_to"]:
            target = Queue.objects.get(slug=queue["escalates_to"])
            Queue.objects.filter(slug=queue["slug"]).update(escalates_to=target)
    for queue in queues:
        if queue["slug"] in made:
            _promise(queue)
    return made


def _promise(queue: dict[str, Any]) -> None:
    """Give the queue the company's hours and its own targets."""
    urgent, normal, low = queue["targets_min"]
    levels = Levels(
        urgent_min=urgent,
        normal_min=normal,
        low_min=low,
        time_zone=str(hours.ZONE),
        week=hours.WEEK,
        holidays=hours.holidays(timezone.now().year, YEARS_OF_HOLIDAYS),
    )
    set_levels(Queue.objects.get(slug=queue["slug"]).pk, levels, by=None)


def _load_people(people: list[dict[str, Any]], password: str | None) -> list[str]:
    """Return the names of the accounts that were made. Without a password none can log in."""
    made = []
    hashed = make_password(password)  # once: it is the same for all, and takes its time
    for person in people:
        first, _, last = person["name"].partition(" ")
        username = person["username"]
        role = person.get("role", username)
        user, is_new = User.objects.get_or_create(
            username=username, defaults={"first_name": first, "last_name": last}
        )
        if not is_new:
            continue
        user.is_staff = user.is_superuser = role == "admin"
        user.password = hashed
        user.save()
        user.groups.set(Group.objects.filter(name=role))
        user.queues.set(Queue.objects.filter(slug__in=person["queues"]))
        made.append(username)
    return made


def _load_agent(agent: Agent, company: dict[str, Any]) -> list[str]:
    """Return the slugs of the categories that were made."""
    agent.company = {
        **files.agent_company(),
        "refund_limit": company["refund_limit"],
        "currency": company["currency"],
        "hours": writing.week(hours.WEEK),
        "time_zone": company["timezone"],
    }
    agent.fallback_queue = company["fallback_queue"]
    agent.save()
    made = []
    for category in company["categories"]:
        defaults = {key: category[key] for key in CATEGORY_FACTS}
        if Category.objects.get_or_create(agent=agent, slug=category["slug"], defaults=defaults)[1]:
            made.append(category["slug"])
    return made


def add_shop(triage: Agent) -> None:
    """Fill the shop and ready the agent that acts on it; an older release's demo gets both."""
    load_resolution(triage)
    if not ShopOrder.objects.exists():
        load_shop(timezone.now())


def load_resolution(triage: Agent) -> None:
    """Ready the agent that acts on the shop's orders, for categories that the triage agent knows.

    It knows the company as that one does; one that has its categories stays as it is.
    """
    install_missing(demo=True)
    agent = Agent.objects.get(slug=RESOLUTION_AGENT)
    if agent.categories.exists():
        return
    company = files.company()
    agent.company = triage.company | {"refund_limit": company["refund_limit"]}
    agent.fallback_queue = triage.fallback_queue
    agent.save(update_fields=["company", "fallback_queue"])
    for category in company["categories"]:
        if category["slug"] in company["resolution_categories"]:
            copied = {name: category[name] for name in CATEGORY_FACTS}
            Category.objects.create(agent=agent, slug=category["slug"], **copied)


def _load_macros() -> None:
    """Make the team's macros, each in its queue, those that exist left as they are."""
    queues = {queue.slug: queue for queue in Queue.objects.all()}
    for macro in files.lines("macros"):
        Macro.objects.get_or_create(
            owner=None,
            queue=queues.get(macro["queue"]),
            name=macro["name"],
            defaults={"category": macro["category"], "text": macro["text"]},
        )


def _load_examples(agent: Agent) -> None:
    tickets = [ticket for ticket in files.lines("tickets") if ticket["part"] == "examples"]
    _store(
        agent,
        EXAMPLES,
        [
            {
                "external_id": ticket["external_id"],
                "text": f"{ticket['subject']}\n\n{ticket['body']}",
                "label": ticket["category"],
                **_answer(ticket["past_reply"]),
            }
            for ticket in tickets
        ],
    )
    _store(
        agent,
        PAST_REPLIES,
        [
            {
                "external_id": reply["id"],
                "text": reply["question"],
                "label": reply["category"],
                **_answer(reply["id"]),
            }
            for reply in files.lines("past_replies")
        ],
    )


def _answer(reply_id: str | None) -> dict[str, Any]:
    """Return an example's right reply: examples with the same one are further questions of it."""
    if reply_id is None:
        return {}
    reply = files.past_replies()[reply_id]
    return {"reply": reply["reply"], "fields": {"articles": reply["articles"]}}


def _store(agent: Agent, name: str, rows: list[dict[str, Any]]) -> None:
    dataset, _ = Dataset.objects.get_or_create(agent=agent, name=name)
    Example.objects.bulk_create(
        [Example(dataset=dataset, **row) for row in rows], ignore_conflicts=True
    )
