"""What a reviewer's pages and actions cost the server, with few items open and with very many."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count

import psycopg
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from agents.models import Category
from review.models import Queue

CALLS = 60
WARM = 5
REPLY = "Hello,\n\nthank you for writing. We look into it today.\n\nKind regards,\nSupport"
SEARCHES = ("parcel", "rare417", "HCW-0", "damaged lid", "person 12", "late")
# The same rows, bare: what no page can be faster than.
FIRST_ROWS = """
SELECT item.*, ticket.subject, customer.name FROM review_reviewitem item
JOIN review_ticket ticket ON ticket.id = item.ticket_id
JOIN review_customer customer ON customer.id = ticket.customer_id
WHERE item.status = 'open' AND item.queue_id = (SELECT min(id) FROM review_queue)
ORDER BY item.priority DESC, item.due_at, item.id LIMIT 40
"""


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What a path costs a call. p50, p95: milliseconds of server time."""

    p50: float
    p95: float
    queries: int


def percentile(times: Sequence[float], share: float) -> float:
    """Return the time that this share of the calls needed at most."""
    return sorted(times)[min(int(len(times) * share), len(times) - 1)]


def paths(user: User) -> dict[str, Cost]:
    """Return the cost of each path of a shift, through every layer of the server but its socket."""
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(user)
    searched, taken = count(), dict[str, str]()

    def take() -> None:
        answer = client.post("/next/", headers={"accept": "application/json"})
        taken.update({name: str(value) for name, value in answer.json().items()})

    def send() -> None:
        seen = {name: taken[name] for name in ("claim_token", "revision", "digest")}
        assert client.post(f"{taken['url']}send/", seen | {"text": REPLY}).status_code == 302

    def show(path: str, **asked: str) -> None:
        assert client.get(path, asked).status_code == 200

    def search() -> None:
        show("/", text=SEARCHES[next(searched) % len(SEARCHES)])

    rare = Category.objects.order_by("slug").values_list("slug", flat=True).reverse()[0]
    small = Queue.objects.order_by("position").values_list("slug", flat=True).reverse()[0]
    found = {
        "inbox, first page": cost(lambda: show("/")),
        "inbox, filtered": cost(lambda: show("/", category=rare, confidence="sure", sort="due")),
        "inbox, one queue": cost(lambda: show("/", queue=small, sort="confidence")),
        "inbox, search": cost(search),
        "item page": cost(lambda: show(taken["url"]), before=take),
    }
    send()
    return found | {
        "next": cost(take, after=send),
        "verdict": cost(send, before=take),
    }


def cost(
    work: Callable[[], object],
    before: Callable[[], object] = lambda: None,
    after: Callable[[], object] = lambda: None,
) -> Cost:
    """Return what the work costs; what comes before and after each time is not counted."""
    times = []
    for _ in range(WARM + CALLS):
        before()
        started = time.perf_counter()
        work()
        times.append((time.perf_counter() - started) * 1000)
        after()
    before()
    with CaptureQueriesContext(connection) as queries:
        work()
        asked = len(queries)
    after()
    kept = times[WARM:]
    return Cost(p50=percentile(kept, 0.5), p95=percentile(kept, 0.95), queries=asked)


def bare_rows(raw: psycopg.Connection) -> Cost:
    """Return what reading a page's rows costs, bare."""
    return cost(lambda: raw.execute(FIRST_ROWS).fetchall())


def compressed_kb(user: User, path: str) -> float:
    """Return the kilobytes of a page as it is sent."""
    client = Client(SERVER_NAME="127.0.0.1", HTTP_ACCEPT_ENCODING="gzip")
    client.force_login(user)
    return len(client.get(path).content) / 1000
