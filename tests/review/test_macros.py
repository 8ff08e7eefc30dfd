"""Macros: whose they are, which fit an item, what their slots become."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from memory.models import Article
from review import macros
from review.articles import plain_text
from review.corrections import Fields
from review.models import Macro
from tests.builders import make_item, make_person, make_queue, make_result

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("static_files")]


@pytest.fixture
def page(ada: User) -> Client:
    client = Client()
    client.force_login(ada)
    return client


def lead_page() -> Client:
    client = Client()
    client.force_login(make_person("lena", "lead"))
    return client


TEXT = "Hello {customer_name|there}, about {order_number|your order}."


def test_a_reviewer_writes_macros_of_their_own_and_leaves_the_teams_alone(
    page: Client, ada: User
) -> None:
    team = Macro.objects.create(name="Team's", text="Hello")
    page.post("/macros/", {"name": "Mine", "text": TEXT, "whose": "team"})
    mine = Macro.objects.get(name="Mine")
    assert (mine.owner, mine.text) == (ada, TEXT)
    assert page.post(f"/macros/{team.pk}/", {"name": "x", "text": "x"}).status_code == 404
    assert page.post(f"/macros/{team.pk}/delete/").status_code == 404
    page.post(f"/macros/{mine.pk}/", {"name": "Mine", "text": "Shorter."})
    assert Macro.objects.get(pk=mine.pk).text == "Shorter."
    page.post(f"/macros/{mine.pk}/delete/")
    assert [macro.name for macro in Macro.objects.all()] == ["Team's"]


def test_a_lead_writes_the_teams_macros_and_sees_nobody_elses_own(ada: User) -> None:
    page = lead_page()
    Macro.objects.create(name="Ada's own", text="Hello", owner=ada)
    page.post("/macros/", {"name": "New", "text": TEXT, "whose": "team", "queue": "orders"})
    macro = Macro.objects.get(name="New")
    assert (macro.owner, macro.queue) == (None, make_queue("orders"))
    shown = page.get("/macros/").content.decode()
    assert "New" in shown
    assert "Ada&#x27;s own" not in shown


@pytest.mark.parametrize(
    ("form", "problem"),
    [
        ({"name": "", "text": "Hello"}, "Give it a name."),
        ({"name": "A", "text": ""}, "Write its text."),
        ({"name": "A", "text": "Hello {customer_name|"}, "No slot begins or ends here"),
        ({"name": "A", "text": "Hello {age|there}"}, "There is no slot age."),
        ({"name": "A", "text": "Hello {customer_name|}"}, "has no fallback"),
        ({"name": "Taken", "text": "Hello"}, "There is a macro of this name already."),
    ],
)
def test_what_is_wrong_with_a_macro_is_said_and_nothing_typed_is_lost(
    page: Client, ada: User, form: dict[str, str], problem: str
) -> None:
    Macro.objects.create(name="Taken", text="Hello", owner=ada)
    answer = page.post("/macros/", form)
    assert answer.status_code == 422
    shown = answer.content.decode()
    assert problem in shown
    assert form["text"] in shown
    assert Macro.objects.count() == 1


def test_the_example_shows_a_macro_filled_and_unfilled(page: Client) -> None:
    shown = page.get("/macros/example/", {"text": TEXT}).content.decode()
    assert "Hello Ada, about A-10427." in shown
    assert "Hello there, about your order." in shown
    assert "No slot begins" in page.get("/macros/example/", {"text": "{"}).content.decode()


def test_the_list_on_an_item_fits_it_and_is_filled_from_its_ticket(
    page: Client, ada: User, grace: User
) -> None:
    several: dict[str, dict[str, Any]] = {
        "Everywhere": {},
        "Its category": {"category": "delivery"},
        "Other category": {"category": "invoice"},
        "Other queue": {"queue": make_queue("billing")},
        "Ada's": {"owner": ada},
        "Grace's": {"owner": grace},
    }
    for name, more in several.items():
        Macro.objects.create(name=name, text=TEXT, **more)
    item = make_item(make_result(fields={"order_numbers": ["A-1"]}))
    answer = page.get(f"/items/{item.pk}/macros/", headers={"HX-Request": "true"})
    assert [pick.title for pick in answer.context["picks"]] == [
        "Its category",
        "Ada's",
        "Everywhere",
    ]
    assert {pick.text for pick in answer.context["picks"]} == {"Hello Ada, about A-1."}
    searched = page.get(f"/items/{item.pk}/macros/", {"q": "cat its"})
    assert [pick.title for pick in searched.context["picks"]] == ["Its category"]
    assert "<html" in searched.content.decode()  # a page of its own, without htmx
    assert lead_page().get("/items/999/macros/").status_code == 404


def test_a_customers_braces_are_text_and_never_a_slot(ada: User) -> None:
    item = make_item(customer_name="{product|x}")
    values = macros.slots_of(item, Fields(order_numbers=("<b>{customer_name|y}</b>",)))
    assert macros.filled(TEXT, values) == "Hello there, about <b>{customer_name|y}</b>."


def test_articles_of_the_category_come_first_and_every_one_is_found_by_its_words(
    page: Client,
) -> None:
    for slug, categories in (("delivery-times", ["delivery"]), ("gift-cards", ["vouchers"])):
        Article.objects.create(
            slug=slug, title=slug.replace("-", " "), body="**Two** days.", categories=categories
        )
    item = make_item()
    answer = page.get(f"/items/{item.pk}/articles/")
    assert [pick.title for pick in answer.context["picks"]] == ["delivery times"]
    assert answer.context["picks"][0].text == "Two days."
    found = page.get(f"/items/{item.pk}/articles/", {"q": "gift"})
    assert [pick.title for pick in found.context["picks"]] == ["gift cards"]
    assert not page.get(f"/items/{item.pk}/articles/", {"q": "100% \x00 _"}).context["picks"]


def test_an_articles_marks_do_not_reach_the_reply() -> None:
    markdown = "# Returns\n\n- **30 days**, see [the page](https://halden.example/r)\n- 2 * 3 = 6"
    assert plain_text(markdown) == (
        "Returns\n\n- 30 days, see the page (https://halden.example/r)\n- 2 * 3 = 6"
    )
