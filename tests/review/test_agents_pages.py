"""The pages of agents: who sees and changes what, the live metric, the kill switch."""

from datetime import timedelta
from typing import Any

import pytest
import yaml
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from agents.models import Agent, Run, RunPayload, Step
from review import agent_metrics
from review.claims import claim
from review.decisions import Seen, reject, send
from review.models import AuditEntry, ReviewItem
from review.overview.period import period_of
from review.overview.queries import decided
from tests.builders import DRAFT, make_item, make_person, make_queue, make_ticket

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("static_files")]

MOST_QUERIES = 20
FORM = {
    "name": "Triage",
    "job": "Draft first replies, and route.",
    "metric": "Few edits.",
    "measure": "drafts",
    "does": "Reads.\n\n  Routes. \n",
    "does_not": "Sends nothing.",
    "fallback_queue": "care",
    "owner": "",
}


def client_of(username: str, role: str) -> Client:
    client = Client()
    client.force_login(make_person(username, role))
    return client


@pytest.fixture
def admin(installed: Agent) -> Client:
    return client_of("nora", "admin")


@pytest.fixture
def lead(installed: Agent) -> Client:
    return client_of("lea", "lead")


@pytest.fixture
def manager(installed: Agent) -> Client:
    return client_of("clara", "manager")


def decide(person: User, text: str | None) -> ReviewItem:
    item = claim(make_item(), person)
    assert item.claim_token
    seen = Seen(claim_token=item.claim_token, revision=item.revision, digest=item.digest)
    if text is None:
        reject(item.pk, person, seen)
    else:
        send(item.pk, person, seen, text=text)
    return item


def test_a_reviewer_sees_no_page_about_agents(ada: User) -> None:
    client = Client()
    client.force_login(ada)
    for path in ("/agents/", "/agents/triage/", "/agents/triage/agent.yaml"):
        assert client.get(path).status_code == 403
    assert client.post("/agents/triage/status/", {"status": "paused"}).status_code == 403


@pytest.mark.parametrize(
    ("role", "status", "answer"),
    [
        ("manager", "paused", 403),
        ("lead", "paused", 302),
        ("lead", "staging", 403),
        ("admin", "paused", 302),
        ("admin", "staging", 302),
        ("admin", "draft", 422),
        ("admin", "nonsense", 422),
    ],
)
def test_who_may_move_an_agent(installed: Agent, role: str, status: str, answer: int) -> None:
    client = client_of("someone", role)
    response = client.post("/agents/triage/status/", {"status": status, "note": "Look first."})
    assert response.status_code == answer
    installed.refresh_from_db()
    assert installed.status == (status if answer == 302 else "live")


def test_a_lead_pauses_and_an_admin_resumes(lead: Client, admin: Client, installed: Agent) -> None:
    lead.post("/agents/triage/status/", {"status": "paused", "note": "Odd refunds."})
    text = lead.get("/agents/triage/").content.decode()
    assert "Triage is paused" in text
    assert "tickets come without a draft" in text
    assert ">Resume<" not in text
    assert "Odd refunds." in lead.get("/").content.decode()
    answer = lead.post("/agents/triage/status/", {"status": "live"})
    assert answer.status_code == 403
    assert ">Resume<" in admin.get("/agents/triage/").content.decode()
    admin.post("/agents/triage/status/", {"status": "live"})
    assert "is paused" not in admin.get("/").content.decode()


def test_a_pause_without_a_reason_is_asked_for_one_and_keeps_the_page(lead: Client) -> None:
    response = lead.post("/agents/triage/status/", {"status": "paused", "note": ""})
    assert response.status_code == 422
    assert "Say in a few words why it is stopped" in response.content.decode()


def test_the_metric_is_the_overviews_own_figure(manager: Client, ada: User) -> None:
    decide(ada, DRAFT)
    decide(ada, DRAFT)
    decide(ada, None)
    now = timezone.now()
    agent = Agent.objects.get()
    metric = agent_metrics.metric_of(agent, agent_metrics.metrics(now))
    assert (metric.share.part, metric.share.whole) == (2, 3)
    zone = timezone.get_default_timezone()
    shown = decided(period_of({"days": "28"}, timezone.localdate(now), zone))
    assert (sum(row.succeeded for row in shown), sum(row.drafts for row in shown)) == (2, 3)
    text = manager.get("/agents/").content.decode()
    assert "<b>2 of 3</b>" in text
    assert "3 cases in 28 days, 95 % interval 21–94 %" in text


def test_actions_are_measured_by_what_was_approved_as_proposed(ada: User) -> None:
    Agent.objects.update(measure="actions")
    for text in (DRAFT, DRAFT, DRAFT + " Bye.", None):
        item = decide(ada, text)
        ReviewItem.objects.filter(pk=item.pk).update(kind="tool_call")
    agent = Agent.objects.get()
    metric = agent_metrics.metric_of(agent, agent_metrics.metrics(timezone.now()))
    assert (metric.share.part, metric.share.whole) == (2, 4)


def test_what_was_decided_longer_ago_does_not_count(ada: User) -> None:
    item = decide(ada, DRAFT)
    ReviewItem.objects.filter(pk=item.pk).update(decided_at=timezone.now() - timedelta(days=29))
    assert agent_metrics.metrics(timezone.now()) == {}


def test_runs_and_their_cost_are_counted_without_shadows(installed: Agent) -> None:
    run = make_ticket().run
    assert run is not None
    now, payload = timezone.now(), RunPayload.objects.create(content={})
    Step.objects.create(
        run=run,
        key="draft",
        kind="model",
        attempt=1,
        started_at=now,
        finished_at=now,
        result=payload,
        tier=2,
        model="m",
        prompt_version="triage/draft@1",
        pricing="priced",
        cost_usd="0.25",
        input_tokens=1,
        output_tokens=1,
    )
    Run.objects.create(
        agent=installed, environment="staging", input=payload, input_digest="d", shadow_of=run
    )
    use = agent_metrics.use_by_agent(now)[installed.pk]
    assert (use.runs, use.calls, str(use.cost_usd)) == (1, 1, "0.250000")


def test_the_page_tells_the_whole_definition(manager: Client, installed: Agent) -> None:
    Agent.objects.update(does=["Reads."], does_not=["Sends nothing by itself."])
    text = manager.get("/agents/triage/").content.decode()
    for said in (
        "Draft first replies.",
        "Few edits.",
        "Reads.",
        "Sends nothing by itself.",
        "About invoice.",
        "Billing",
        "Tier 2",
        "It has none: it can change nothing.",
        "fields differ from the file of this release",
        "Nothing was changed since it was installed.",
    ):
        assert said in text, said
    assert "/agents/triage/edit/" not in text


def test_hostile_text_is_shown_and_not_run(admin: Client) -> None:
    evil = "<script>alert(1)</script>"
    Agent.objects.update(
        name=evil, job=evil, metric=evil, does=[evil], does_not=[evil], status_note=evil
    )
    admin.post("/agents/triage/status/", {"status": "paused", "note": evil})
    for path in ("/", "/agents/", "/agents/triage/", "/agents/triage/edit/", "/prompts/"):
        text = admin.get(path).content.decode()
        assert evil not in text, path
        assert "&lt;script&gt;alert(1)" in text, path


def test_an_edit_is_stored_shown_and_on_record(admin: Client, installed: Agent) -> None:
    seen = admin.get("/agents/triage/edit/").context["seen"]
    response = admin.post("/agents/triage/edit/", FORM | {"seen": seen, "owner": "nora"})
    assert response.status_code == 302
    installed.refresh_from_db()
    assert (installed.does, installed.owner.username) == (["Reads.", "Routes."], "nora")  # type: ignore[union-attr]
    entry = AuditEntry.objects.get(action="agent.changed")
    assert ["Job", "Draft first replies.", "Draft first replies, and route."] in (
        entry.detail["changes"]
    )
    assert installed.categories.count() == 2
    text = admin.get("/agents/triage/").content.decode()
    assert "<ins>Draft first replies, and route.</ins>" in text


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({"job": ""}, 422, "pause it first"),
        ({"name": ""}, 422, "Fill this in."),
        ({"does": "x" * 301}, 422, "At most 300 characters a sentence."),
        ({"fallback_queue": "nowhere"}, 422, "nowhere is not one of the available choices"),
        ({"seen": "0" * 64}, 409, "Somebody else has changed this agent"),
    ],
)
def test_an_unfit_edit_says_why_and_keeps_what_was_typed(
    admin: Client, fields: dict[str, str], status: int, said: str
) -> None:
    seen = admin.get("/agents/triage/edit/").context["seen"]
    typed = FORM | {"seen": seen, "metric": "Typed metric."} | fields
    response = admin.post("/agents/triage/edit/", typed)
    assert response.status_code == status
    text = response.content.decode()
    assert said in text
    assert "Typed metric." in text
    assert Agent.objects.get().metric == "Few edits."


def test_the_file_is_the_definition_with_its_categories(manager: Client) -> None:
    response = manager.get("/agents/triage/agent.yaml")
    assert response["Content-Disposition"] == 'attachment; filename="agent.yaml"'
    content = yaml.safe_load(response.content)
    assert content["job"] == "Draft first replies."
    assert [category["slug"] for category in content["categories"]] == ["delivery", "invoice"]


def test_the_palette_leads_to_the_kill_switch(lead: Client, ada: User) -> None:
    text = lead.get("/palette/", {"q": "pause"}).content.decode()
    assert "Pause Triage" in text
    assert 'href="/agents/triage/"' in text
    client = Client()
    client.force_login(ada)
    assert "Triage" not in client.get("/palette/", {"q": "pause"}).content.decode()


@pytest.mark.parametrize("path", ["/agents/", "/agents/triage/", "/agents/triage/edit/"])
def test_the_pages_stay_within_their_queries(
    admin: Client, ada: User, path: str, django_assert_max_num_queries: Any
) -> None:
    make_queue("more")
    for number in range(12):
        agent = Agent.objects.create(slug=f"a-{number}", name=f"A {number}", fallback_queue="care")
        AuditEntry.objects.create(actor_name="x", action="agent.moved", subject=f"agent:{agent.pk}")
        decide(ada, DRAFT)
    with django_assert_max_num_queries(MOST_QUERIES):
        assert admin.get(path).status_code == 200
