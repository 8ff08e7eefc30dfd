"""What the team's board counts."""

import pytest
import time_machine
from django.contrib.auth.models import User
from pytest_django import DjangoAssertNumQueries

from review.claims import claim
from review.models import ReviewItem
from tests.builders import make_item, make_person, make_queue, make_result
from tests.review.team.conftest import HOUR, MINUTE, START, at, logged_in

pytestmark = pytest.mark.django_db


def test_the_board_is_for_those_who_see_every_queue_and_a_manager_moves_nothing(
    ada: User, lea: User
) -> None:
    for path in ("/team/", "/team/share/", "/team/late/"):
        assert logged_in(ada).get(path).status_code == 403
    manager = logged_in(make_person("mo", "manager"))
    assert [manager.get(path).status_code for path in ("/team/", "/team/late/")] == [200, 200]
    assert manager.get("/team/share/").status_code == 403
    make_item()
    assert "Share out work" in at("/team/", lea)
    assert "Share out work" not in manager.get("/team/").content.decode()


def cells(text: str, name: str) -> dict[str, str]:
    """The figures of a table's row by their labels."""
    import re

    row = text[text.index(f"<b>{name}") :]
    row = row[: row.index("</tr>")]
    found = re.findall(r'data-label="([^"]*)">(.*?)</td>', row)
    return {label: re.sub("<[^>]*>", "", cell).strip() for label, cell in found}


def test_the_board_counts_what_waits_in_each_queue(
    lea: User, ada: User, clock: time_machine.Traveller
) -> None:
    make_item()
    clock.shift(HOUR)
    make_item()
    held = claim(make_item(subject="Held by Ada"), ada)
    make_item(make_result(queue="billing", category="invoice"))
    clock.move_to(START + 8 * HOUR + MINUTE)
    ReviewItem.objects.filter(pk=held.pk).update(claim_expires_at=START + 12 * HOUR)
    text = at("/team/", lea)
    orders = cells(text, "Orders")
    assert (orders["Open"], orders["Unclaimed"], orders["Over time"]) == ("3", "2", "1")
    assert orders["Due within the hour"] == "2"
    assert orders["Oldest"] == "8 h"
    assert "1 of 4 open items over time" in text
    person = cells(text, "<bdi>ada")
    assert person["Claimed"] == "1"
    assert person["Works on"].startswith("Held by Ada")


def test_the_board_costs_the_same_however_much_is_open(
    lea: User, ada: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = logged_in(lea)
    for number in range(12):
        person = make_person(f"person-{number}", "reviewer", make_queue("orders"))
        claim(make_item(subject=f"Item {number}"), person)
    with django_assert_max_num_queries(15):
        text = client.get("/team/").content.decode()
    assert text.count(">Item ") == 12
