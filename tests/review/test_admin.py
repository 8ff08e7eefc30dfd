"""The administration: everything can be found, little can be changed, every change is on record."""

import json
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from agents.evals.models import Dataset, Example
from agents.models import (
    Agent,
    Category,
    Run,
    Step,
)
from memory.models import Article, Chunk
from observability.models import Span, SpanPayload
from observability.read_only import ReadOnlyAdmin
from review.models import (
    AuditEntry,
    Macro,
    Queue,
    ReviewItem,
    Source,
)
from tests.builders import make_person
from tests.review.admin_rows import fill

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("static_files")]

ROOMS = ("review", "shop", "agents", "evals", "memory", "observability")
OURS = [model for model in apps.get_models() if model._meta.app_label in ROOMS]
EDITABLE = {Queue, Source, Agent, Category, Article, Dataset, Example, Macro}
SHOWN: list[type[Model]] = [*OURS, User, Group, LogEntry]
MANY = 30
MOST_QUERIES = 25
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def address(model: type[Model], page: str, *parts: Any) -> str:
    meta = model._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_{page}", args=parts)


def key(row: Model) -> Any:
    if isinstance(row, Span):
        return f"{row.day}/{row.trace_id}/{row.span_id}"
    return row.pk


@pytest.fixture
def nils(installed: Agent) -> User:
    """An admin."""
    user = make_person("nils", "admin")
    user.is_staff = user.is_superuser = True
    user.save()
    return user


@pytest.fixture
def page(nils: User) -> Client:
    client = Client()
    client.force_login(nils)
    return client


@pytest.fixture
def rows(nils: User, ada: User) -> None:
    """A few rows of every model."""
    fill(2, nils, ada)


def test_every_model_of_every_room_is_in_the_administration() -> None:
    missing = [model.__name__ for model in SHOWN if not admin.site.is_registered(model)]
    assert missing == []


def test_what_is_not_edited_by_hand_is_read_only() -> None:
    editable = {model for model in OURS if not _is_read_only(model)}
    assert editable == EDITABLE


def test_every_list_search_and_row_opens_with_few_queries(
    page: Client, nils: User, ada: User
) -> None:
    fill(MANY, nils, ada)
    for model in SHOWN:
        rows = page.get(address(model, "changelist")).context["cl"]
        paths = [
            address(model, "changelist"),
            address(model, "changelist") + "?q=parcel",
            address(model, "changelist") + "?q=12",
            address(model, "changelist") + "?q=" + "9" * 30,
            rows.url_for_result(rows.result_list[0]),
        ]
        for path in paths:
            with CaptureQueriesContext(connection) as queries:
                response = page.get(path)
            assert response.status_code == 200, path
            assert len(queries) <= MOST_QUERIES, path


def test_a_search_finds_the_row_and_no_other(page: Client, rows: None) -> None:
    item = ReviewItem.objects.order_by("pk")[1]
    for model, words in (
        (ReviewItem, item.ticket.subject),
        (Step, item.run.trace_id),
        (Span, item.run.trace_id),
        (Run, item.run.trace_id),
    ):
        response = page.get(address(model, "changelist"), {"q": words})
        assert response.context["cl"].result_count == 1, model.__name__


def test_read_only_rows_refuse_every_post(page: Client, rows: None) -> None:
    for model in SHOWN:
        row = model._default_manager.order_by("pk").last()
        if not _is_read_only(model) or row is None:
            continue
        for path in (
            address(model, "changelist"),
            address(model, "add"),
            address(model, "change", key(row)),
            address(model, "delete", key(row)),
        ):
            assert page.post(path, {"post": "yes"}).status_code == 403, path
        assert model._default_manager.filter(pk=row.pk).exists()


@pytest.mark.parametrize("role", ["reviewer", "lead", "manager"])
def test_the_administration_is_closed_to_other_roles(installed: Agent, role: str) -> None:
    client = Client()
    client.force_login(make_person("eve", role))
    for path in ("/admin/", address(User, "changelist"), address(ReviewItem, "changelist")):
        assert client.get(path, follow=True).status_code == 403, path
        assert client.post(path, {}, follow=True).status_code == 403, path
    assert "/admin/" not in client.get("/", follow=True).content.decode()


def test_a_stranger_comes_in_through_the_one_login_page(installed: Agent) -> None:
    response = Client().get("/admin/agents/run/", follow=True)
    path, _ = response.redirect_chain[-1]
    assert path.startswith("/accounts/login/?next=/admin/agents/run/")


def test_an_admin_finds_the_way_in_and_back(page: Client) -> None:
    assert 'href="/admin/"' in page.get("/").content.decode()
    assert 'href="/"' in page.get("/admin/").content.decode()


def test_content_is_text_and_what_was_erased_says_so(page: Client, rows: None) -> None:
    payload = SpanPayload.objects.create(content="<script>alert(1)</script>")
    text = page.get(address(SpanPayload, "change", payload.pk)).content.decode()
    assert "&lt;script&gt;alert(1)" in text
    erased = SpanPayload.objects.create(content=None, erased_at=timezone.now())
    assert "[erased]" in page.get(address(SpanPayload, "change", erased.pk)).content.decode()


def test_a_queues_members_change_and_that_is_on_record(page: Client, ada: User, nils: User) -> None:
    queue = Queue.objects.get(slug="billing")
    form = {"name": "Money", "position": 2, "description": "", "escalates_to": ""}
    response = page.post(address(Queue, "change", queue.pk), form | {"members": [ada.pk, nils.pk]})
    assert response.status_code == 302
    assert set(queue.members.all()) == {ada, nils}
    entry = AuditEntry.objects.get(action="queue.changed")
    assert (entry.actor, entry.subject) == (nils, f"queue:{queue.pk}")
    assert "Members" in entry.detail["fields"]
    assert LogEntry.objects.filter(object_id=queue.pk).count() == 1


def test_a_webhooks_secret_is_set_kept_and_never_shown(page: Client) -> None:
    form = {"slug": "shop", "name": "Shop", "webhook_url": "https://shop.example/replies"}
    page.post(address(Source, "add"), form | {"webhook_secret": SECRET})
    source = Source.objects.get(slug="shop")
    path = address(Source, "change", source.pk)
    assert SECRET not in page.get(path).content.decode()
    page.post(path, {"name": "Our shop", "webhook_url": source.webhook_url, "webhook_secret": ""})
    source.refresh_from_db()
    assert (source.name, source.webhook_secret) == ("Our shop", SECRET)
    logged = [json.dumps(entry.detail) for entry in AuditEntry.objects.all()]
    assert not any(SECRET in detail for detail in logged)


@pytest.mark.parametrize("secret", ["", "whsec_!", "plain words"])
def test_a_webhook_without_a_good_secret_is_refused(page: Client, secret: str) -> None:
    form = {"slug": "shop", "name": "Shop", "webhook_url": "https://shop.example/replies"}
    response = page.post(address(Source, "add"), form | {"webhook_secret": secret})
    assert response.status_code == 200
    assert not Source.objects.filter(slug="shop").exists()


def test_an_article_that_is_saved_is_searched_in_its_new_words(page: Client) -> None:
    form = {"slug": "opening", "title": "Opening hours", "categories": '["delivery"]'}
    page.post(address(Article, "add"), form | {"body": "We open at nine.", "updated_on": ""})
    article = Article.objects.get(slug="opening")
    path = address(Article, "change", article.pk)
    page.post(path, form | {"body": "We open at ten.", "updated_on": ""})
    assert Chunk.objects.get(article=article).text == "We open at ten."
    page.post(address(Article, "delete", article.pk), {"post": "yes"})
    assert not Article.objects.exists()
    actions = AuditEntry.objects.order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["article.added", "article.changed", "article.deleted"]


@pytest.mark.parametrize(
    ("company", "complaint"),
    [
        ('["a"]', "Give an object"),
        ('{"order_number_patterns": ["HCW-("]}', "no regular expression"),
        ('{"products": [{"aliases": []}]}', "list of objects"),
        ('{"name": 7}', "are texts"),
    ],
)
def test_an_agent_is_not_told_what_would_fail_its_runs(
    page: Client, company: str, complaint: str
) -> None:
    agent = Agent.objects.get()
    form = {"name": "T", "job": "J", "metric": "M", "does_not": "[]", "fallback_queue": "care"}
    response = page.post(address(Agent, "change", agent.pk), form | {"company": company})
    assert complaint in response.content.decode()


@pytest.mark.parametrize("emptied", ["job", "metric"])
def test_a_live_agent_keeps_its_job_and_metric_and_its_status(page: Client, emptied: str) -> None:
    agent = Agent.objects.get()
    form = {"name": "T", "job": "J", "metric": "M", "does_not": "[]", "fallback_queue": "care"}
    path = address(Agent, "change", agent.pk)
    form |= {"company": '{"name": "Tea"}'}
    assert "pause it first" in page.post(path, form | {emptied: ""}).content.decode()
    assert page.post(path, form | {"status": "paused"}).status_code == 302
    agent.refresh_from_db()
    assert (agent.job, agent.status) == ("J", "live")


@pytest.mark.parametrize(
    ("fields", "stored"),
    [("{}", {}), ('{"articles": ["opening"]}', {"articles": ["opening"]}), ("[1]", None)],
)
def test_an_example_is_added_only_in_a_form_that_recall_reads(
    page: Client, fields: str, stored: dict[str, Any] | None
) -> None:
    dataset = Dataset.objects.create(agent=Agent.objects.get(), name="examples")
    form = {"dataset": dataset.pk, "external_id": "e-1", "text": "Where is it?", "fields": fields}
    page.post(address(Example, "add"), form)
    example = Example.objects.first()
    assert (example.fields if example else None) == stored


def test_an_articles_categories_are_a_list_of_slugs(page: Client) -> None:
    form = {"slug": "a", "title": "A", "body": "B", "updated_on": "", "categories": '"returns"'}
    assert "Give a list of slugs" in page.post(address(Article, "add"), form).content.decode()


def test_a_category_goes_to_a_queue_that_exists(page: Client) -> None:
    category = Category.objects.get(slug="delivery")
    form = {"name": "Delivery", "description": "About parcels.", "guidance": ""}
    path = address(Category, "change", category.pk)
    assert page.post(path, form | {"queue": "nowhere"}).status_code == 200
    assert page.post(path, form | {"queue": "billing"}).status_code == 302
    category.refresh_from_db()
    assert category.queue == "billing"


def test_people_and_queues_that_records_name_cannot_be_deleted(
    page: Client, ada: User, rows: None
) -> None:
    for row in (ada, Queue.objects.get(slug="orders"), Source.objects.first()):
        assert row is not None
        path = address(type(row), "delete", row.pk)
        assert page.post(path, {"post": "yes"}).status_code == 403
        assert type(row)._default_manager.filter(pk=row.pk).exists()
    newcomer = make_person("newcomer")
    page.post(address(User, "delete", newcomer.pk), {"post": "yes"})
    assert not User.objects.filter(username="newcomer").exists()


def test_a_person_is_made_inactive_and_is_then_out(page: Client, ada: User) -> None:
    client = Client()
    client.force_login(ada)
    form = {"username": "ada", "date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
    assert page.post(address(User, "change", ada.pk), form).status_code == 302
    assert client.get("/").status_code == 302
    assert AuditEntry.objects.filter(action="user.changed", subject=f"user:{ada.pk}").exists()


def test_a_dataset_says_how_much_goes_with_it(page: Client, rows: None) -> None:
    dataset = Dataset.objects.get()
    text = page.get(address(Dataset, "delete", dataset.pk)).content.decode()
    assert f"{dataset} with 2 examples" in text
    page.post(address(Dataset, "delete", dataset.pk), {"post": "yes"})
    assert not Example.objects.exists()


def _is_read_only(model: type[Model]) -> bool:
    return isinstance(admin.site._registry[model], ReadOnlyAdmin)
