"""The page on models: who may see it, what it tells, and connecting one from it."""

import logging
import re
from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from agents import keys
from agents.models import Agent, Calibration, RouteVersion, Run, TierVersion
from agents.prompts import prompt
from agents.tiers import live_tier
from review.models import AuditEntry
from tests.agents.test_connect_model import OTHER_KEY, connect_model, everything_in_the_database
from tests.agents.test_runner import executed, queued_run, result_of
from tests.builders import make_item, make_person
from tests.peers import HttpPeer, Reply, free_port
from tests.provider import KEY, Provider, model_provider, put_on_tiers

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("static_files", "no_keys")]


@pytest.fixture
def admin(installed: Agent) -> User:
    return make_person("jo", "admin")


@pytest.fixture
def page(admin: User) -> Client:
    client = Client()
    client.force_login(admin)
    return client


@pytest.fixture
def provider(installed: Agent) -> Iterator[Provider]:
    with model_provider() as provider:
        yield provider


def asked(peer: HttpPeer, **fields: str) -> dict[str, str]:
    """What the form posts for the test endpoint."""
    return {
        "tier": "2",
        "provider": "compatible",
        "name": "good",
        "endpoint": f"{peer.url}/v1",
        "key": KEY,
        "reason": "Drafts for new questions.",
        **fields,
    }


@pytest.mark.parametrize(
    ("role", "looks"), [("reviewer", 403), ("lead", 200), ("manager", 200), ("admin", 200)]
)
def test_who_sees_every_queue_may_look_and_only_who_may_configure_changes(
    installed: Agent, role: str, looks: int
) -> None:
    client = Client()
    client.force_login(make_person("someone", role))
    for path in ("/tiers/", "/tiers/history/", "/tiers/history/?of=routes", "/tiers/differences/"):
        assert client.get(path).status_code == looks, path
    if role == "admin":
        return
    tier, routes = TierVersion.objects.first(), RouteVersion.objects.first()
    assert tier
    assert routes
    for path in ("/tiers/2/edit/", "/tiers/routes/edit/", "/tiers/presets/local/"):
        assert client.get(path).status_code == 403, path
        assert client.post(path, {}).status_code == 403, path
    assert client.get("/tiers/2/cost/").status_code == 403
    for path in (
        "/tiers/connect/",
        *(f"/tiers/versions/tier/{tier.pk}/{act}/" for act in ("use", "promote", "withdraw")),
        *(f"/tiers/versions/routes/{routes.pk}/{act}/" for act in ("use", "promote", "withdraw")),
    ):
        assert client.post(path, {}).status_code == 403, path
    if looks == 200:
        text = client.get("/tiers/").content.decode()
        assert "Connect a model" not in text
        assert "/edit/" not in text
        assert "Use again" not in client.get("/tiers/history/").content.decode()


def test_it_needs_a_login(installed: Agent) -> None:
    for response in (Client().get("/tiers/"), Client().post("/tiers/connect/", {})):
        assert response["Location"].startswith("/accounts/login/")


def test_without_a_key_it_says_what_the_embedded_model_does_and_does_not(page: Client) -> None:
    text = page.get("/tiers/").content.decode()
    assert "Everything runs on the embedded model" in text
    assert "does not write what nobody wrote before" in text
    assert "not calibrated" not in text


def test_a_model_is_connected_and_said(
    page: Client,
    admin: User,
    endpoint: HttpPeer,
) -> None:
    response = page.post("/tiers/connect/", asked(endpoint), follow=True)
    text = response.content.decode()
    assert response.redirect_chain == [("/tiers/#main", 302)]
    assert "Tier 2 runs on openai/good from its next call on." in text
    assert "1 of 3 tiers runs on a connected model" in text
    assert endpoint.url.removeprefix("http://") in text
    live = live_tier(2)
    assert (live.model, live.created_by, live.reason) == (
        "openai/good",
        admin,
        "Drafts for new questions.",
    )
    assert AuditEntry.objects.get(action="tier.changed").actor == admin


def test_the_key_is_not_on_a_page_in_the_database_or_in_a_log(
    page: Client,
    endpoint: HttpPeer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    answers = [
        page.post("/tiers/connect/", asked(endpoint, name="unknown")),
        page.post("/tiers/connect/", asked(endpoint, reason="")),
        page.post("/tiers/connect/", asked(endpoint), follow=True),
        page.get("/tiers/"),
    ]
    assert [answer.status_code for answer in answers] == [422, 422, 200, 200]
    seen = "".join(answer.content.decode() for answer in answers)
    assert KEY not in seen + caplog.text + everything_in_the_database()
    assert keys.key_of(f"{endpoint.url}/v1") == KEY


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"key": OTHER_KEY}, "key"),
        ({"name": "unknown"}, "openai/unknown"),
        ({"endpoint": "ftp://host/v1"}, "http:// or https://"),
        ({"endpoint": ""}, "has no address of its own"),
        ({"name": ""}, "Give the model&#x27;s name"),
        ({"reason": ""}, "Say why"),
        ({"provider": "other", "name": "nobody/x"}, "No provider is called “nobody”"),
        ({"provider": "anthropic", "key": ""}, "ANTHROPIC_API_KEY"),
        ({"key": "two words"}, "characters that no key has"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(
    page: Client,
    endpoint: HttpPeer,
    fields: dict[str, str],
    says: str,
) -> None:
    typed = asked(endpoint, name="a-model", reason="So that drafts improve.") | fields
    response = page.post("/tiers/connect/", typed)
    text = response.content.decode()
    assert response.status_code == 422
    assert says in text
    for name in ("name", "endpoint", "reason"):
        assert f'value="{typed[name]}"' in text
    assert f'<option value="{typed["provider"]}" selected>' in text
    assert typed["key"] == "" or typed["key"] not in text
    assert TierVersion.objects.count() == 3


def test_a_port_nobody_listens_on_is_said(page: Client, endpoint: HttpPeer) -> None:
    typed = asked(endpoint, endpoint=f"http://127.0.0.1:{free_port()}/v1")
    response = page.post("/tiers/connect/", typed)
    assert response.status_code == 422
    assert "Nothing was changed." in response.content.decode()


def test_what_another_provider_was_given_is_not_sent_on(
    page: Client,
    endpoint: HttpPeer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The base URL that was typed before OpenAI was chosen does not get OpenAI's key."""
    monkeypatch.setenv("OPENAI_API_BASE", f"http://127.0.0.1:{free_port()}/v1")
    response = page.post("/tiers/connect/", asked(endpoint, provider="openai"))
    assert response.status_code == 422
    assert endpoint.requests == []


def test_an_earlier_version_is_used_again(page: Client, endpoint: HttpPeer) -> None:
    page.post("/tiers/connect/", asked(endpoint))
    first = TierVersion.objects.get(tier=2, version=1)
    response = page.post(f"/tiers/versions/tier/{first.pk}/use/", follow=True)
    text = response.content.decode()
    assert "Tier 2 runs on local/countersign from its next call on." in text
    live = live_tier(2)
    assert (live.version, live.models) == (3, ["local/countersign"])
    assert live.reason.startswith("Back to version 1: ")


def test_a_version_that_no_longer_works_stays_in_the_past(
    page: Client,
    endpoint: HttpPeer,
) -> None:
    page.post("/tiers/connect/", asked(endpoint))
    real = live_tier(2)
    page.post("/tiers/connect/", {"tier": "2", "provider": "embedded", "reason": "Back."})
    keys.keep_key(f"{endpoint.url}/v1", OTHER_KEY)
    response = page.post(f"/tiers/versions/tier/{real.pk}/use/", follow=True)
    assert "Nothing was changed." in response.content.decode()
    assert live_tier(2).models == ["local/countersign"]


def test_a_fallback_is_appended(page: Client, endpoint: HttpPeer) -> None:
    response = page.post("/tiers/connect/", asked(endpoint, as_fallback="on"), follow=True)
    assert live_tier(2).models == ["local/countersign", "openai/good"]
    assert "Tier 2 falls back to openai/good from its next call on." in response.content.decode()


def test_each_tier_tells_its_use_of_the_last_week(
    page: Client, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COUNTERSIGN_MODEL_KEY", KEY)
    connect_model("all", "openai/test-model", "--api-base", f"{provider.peer.url}/v1")
    executed(queued_run())
    provider.before = lambda form: (
        Reply(status=500, body={"error": {"message": "down"}}) if form == "Drafted" else None
    )
    assert executed(queued_run()).status == "failed"
    first, second, third = page.get("/tiers/").context["tiers"]
    assert (first.use.calls, first.use.failed, first.use.unpriced) == (4, 0, 4)
    assert (first.use.input_tokens, first.use.output_tokens) == (480, 120)
    assert (second.use.calls, second.use.failed) == (1, 2), "tried once more"
    assert (third.use.calls, third.use.failed) == (0, 0)
    text = page.get("/tiers/").content.decode()
    assert re.search(r"Cost</dt><dd>4 unpriced", text)
    assert "of them cost is unknown." in text
    assert "nothing was paid" not in text
    Run.objects.update(environment="staging")
    assert page.get("/tiers/").context["tiers"][0].use.calls == 0


def test_a_model_that_states_confidence_says_how_far_its_calibration_is(page: Client) -> None:
    put_on_tiers("openai/good")
    text = page.get("/tiers/").content.decode()
    assert text.count("Confidence not calibrated yet: 0 of 100 labels.") == 1, "tier 1 classifies"
    known = Calibration.objects.create(
        agent=Agent.objects.get(),
        model="openai/good",
        prompt_version=prompt("triage", "classify").version,
        labels=34,
        slope=1,
        intercept=0,
        fitted_at=timezone.now(),
    )
    assert (
        "Confidence not calibrated yet: 34 of 100 labels." in page.get("/tiers/").content.decode()
    )
    Calibration.objects.filter(pk=known.pk).update(labels=140)
    assert "is held against 140 labels" in page.get("/tiers/").content.decode()


def test_items_of_an_uncalibrated_model_do_not_pass_for_sure(
    page: Client, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COUNTERSIGN_MODEL_KEY", KEY)
    connect_model("all", "openai/test-model", "--api-base", f"{provider.peer.url}/v1")
    item = make_item(result_of(executed(queued_run())))
    inbox = page.get("/").content.decode()
    assert "not calibrated" in inbox
    assert ">sure<" not in inbox
    text = page.get(f"/items/{item.pk}/").content.decode()
    assert "As the model states it, not calibrated yet: 0 of 100 labels." in text


def test_the_page_stays_within_its_queries(
    page: Client, admin: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(2, 30):
        TierVersion.objects.create(
            environment="live",
            tier=1,
            version=number,
            model="openai/x",
            temperature=0,
            max_tokens=100,
            timeout_s=9,
            reason="Tried.",
            created_by=admin,
        )
    page.get("/tiers/")
    with django_assert_max_num_queries(21):
        page.get("/tiers/")


def test_the_address_of_the_form_leads_to_the_page(page: Client) -> None:
    assert page.get("/tiers/connect/")["Location"] == "/tiers/"


def test_what_is_typed_is_only_ever_text(page: Client, endpoint: HttpPeer) -> None:
    evil = '"><script>alert(1)</script>'
    shown = page.post("/tiers/connect/", asked(endpoint, name=evil, endpoint=evil, reason=evil))
    assert "<script>alert" not in shown.content.decode()
    page.post("/tiers/connect/", asked(endpoint, reason=evil))
    shown = page.get("/tiers/")
    assert "&lt;script&gt;alert" in shown.content.decode()
    assert "<script>alert" not in shown.content.decode()
