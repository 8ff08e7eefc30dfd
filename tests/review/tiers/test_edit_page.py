"""The forms of a tier, of the routes and of presets: what they refuse, keep, show and change."""

import re
from datetime import timedelta
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from agents import keys
from agents.models import LIVE, STAGING, RouteVersion, RunPayload, Step, TierVersion
from agents.tiers import live_tier, routes
from agents.versions import in_force
from tests.agents.test_runner import queued_run
from tests.peers import HttpPeer, free_port
from tests.provider import KEY
from tests.review.tiers.conftest import fields_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("static_files", "no_keys")]

EDIT = "/tiers/2/edit/?environment=staging"
EVIL = '"><script>alert(1)</script>'


@pytest.fixture
def fields(page: Client) -> dict[str, Any]:
    """What tier 2's form posts, a day to look again in it."""
    day = timezone.localdate() + timedelta(days=60)
    return fields_of(2, look_again_on=day.isoformat())


def on_staging(tier: int = 2) -> TierVersion:
    found = in_force(TierVersion, STAGING, tier=tier)
    assert found
    return found


def test_the_form_shows_the_tier_as_it_is_and_six_months_ahead(page: Client) -> None:
    live = live_tier(2)
    TierVersion.objects.filter(pk=live.pk).update(budget_day_usd=40, max_concurrent=8)
    text = page.get("/tiers/2/edit/").content.decode()
    assert 'name="model" value="local/countersign"' in text
    assert 'name="temperature" value="0.2"' in text
    assert 'name="budget_day_usd" value="40"' in text
    assert 'name="max_concurrent" value="8"' in text
    shown = re.search(r'name="look_again_on" type="date" value="([-\d]+)"', text)
    assert shown
    assert shown[1] > (timezone.localdate() + timedelta(days=180)).isoformat()
    assert live.reason in unescape(text), "why it is as it is"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"temperature": "2.1"}, "Give a temperature from 0"),
        ({"temperature": "warm"}, "Give a temperature from 0"),
        ({"max_tokens": "1"}, "Give a whole number from 16 to 200000."),
        ({"timeout_s": "0"}, "Give whole seconds from 1 to 600."),
        ({"timeout_s": "9.5"}, "Give whole seconds from 1 to 600."),
        ({"retries": "6"}, "Give a whole number from 0 to 5."),
        ({"retries": ""}, "Give a whole number from 0 to 5."),
        ({"max_concurrent": "0"}, "or leave it empty for no limit"),
        ({"budget_run_usd": "0"}, "Give dollars above 0, such as 0.02"),
        ({"budget_day_usd": "-4"}, "Give dollars above 0, such as 40"),
        ({"budget_day_usd": "4,0"}, "Give dollars above 0, such as 40"),
        ({"budget_run_usd": "5", "budget_day_usd": "4"}, "A run may not cost more than the whole"),
        ({"look_again_on": "soon"}, "Give a day, such as"),
        ({"look_again_on": "2020-01-01"}, "Give a day from tomorrow on, within two years."),
        ({"look_again_on": "2090-01-01"}, "Give a day from tomorrow on, within two years."),
        ({"reason": " "}, "Say why"),
        ({"model": [""]}, "Give a model, as provider/model."),
        ({"model": ["good"]}, "does not say whose it is"),
        ({"model": ["nobody/x"]}, "No provider is called “nobody”"),
        ({"model": ["hosted_vllm/x"]}, "has no address of its own"),
        ({"model": ["local/countersign"] * 2}, "would be asked twice"),
        ({"model": ["openai/x"], "endpoint": ["ftp://h"]}, "must begin with http"),
        ({"model": ["openai/x"], "key": ["two words"]}, "characters that no key has"),
        ({"model": ["anthropic/x"]}, "ANTHROPIC_API_KEY"),
        (
            {"model": ["openai/x"], "endpoint": ["http://h/v1"], "budget_day_usd": "4"},
            "It would not hold: nobody knows the price of openai/x.",
        ),
    ],
)
def test_what_is_wrong_is_said_what_was_typed_is_kept_and_nothing_changes(
    page: Client, fields: dict[str, Any], changes: dict[str, Any], says: str
) -> None:
    response = page.post(EDIT, {**fields, "reason": "So that it improves.", **changes})
    text = response.content.decode()
    assert response.status_code == 422
    assert says in text
    assert "Nothing was changed." in text
    for name, typed in changes.items():
        for value in typed if isinstance(typed, list) else [typed]:
            assert name == "key" or not value.strip() or f'value="{value}"' in text, name
    assert "two words" not in text
    assert TierVersion.objects.count() == 3


def test_every_field_can_be_changed_on_staging(
    page: Client, fields: dict[str, Any], endpoint: HttpPeer
) -> None:
    base = f"{endpoint.url}/v1"
    day = timezone.localdate() + timedelta(days=30)
    changes = {
        "model": ["openai/good", "local/countersign"],
        "endpoint": [f"{base}/", ""],
        "key": [KEY, ""],
        "temperature": "0.7",
        "max_tokens": "900",
        "timeout_s": "30",
        "retries": "2",
        "max_concurrent": "4",
        "look_again_on": day.isoformat(),
        "reason": "Fewer edits.",
    }
    response = page.post(EDIT, {**fields, **changes}, follow=True)
    assert "Tier 2 is changed on staging. Live is as it was." in response.content.decode()
    assert "Staging differs in 1 place" in response.content.decode()
    version = on_staging()
    assert (version.environment, version.models) == (
        STAGING,
        ["openai/good", "local/countersign"],
    )
    assert version.endpoints == {"openai/good": base}
    assert (version.temperature, version.max_tokens, version.timeout_s) == (0.7, 900, 30)
    assert (version.retries, version.max_concurrent, version.look_again_on) == (2, 4, day)
    assert keys.key_of(base) == KEY
    assert KEY not in response.content.decode()
    assert live_tier(2).version == 1


def test_live_can_be_changed_directly(page: Client, fields: dict[str, Any]) -> None:
    typed = {**fields, "budget_run_usd": "0.02", "budget_day_usd": "40"}
    page.post("/tiers/2/edit/", typed)
    live = live_tier(2)
    assert (live.version, live.budget_run_usd, live.budget_day_usd) == (
        2,
        Decimal("0.02"),
        Decimal(40),
    )


def test_a_row_moves_up_and_goes_and_comes_without_javascript(
    page: Client, fields: dict[str, Any]
) -> None:
    rows = {"model": ["a/1", "b/2", "c/3"], "endpoint": ["", "http://b/v1", ""], "key": [""] * 3}

    def models(act: str) -> list[str]:
        response = page.post(EDIT, {**fields, **rows, "act": act, "reason": ""})
        assert response.status_code == 200, "nothing is checked yet"
        return re.findall(r'name="model" value="([^"]*)"', response.content.decode())

    assert models("up:1") == ["b/2", "a/1", "c/3"]
    assert models("up:2") == ["a/1", "c/3", "b/2"]
    assert models("up:0") == ["a/1", "b/2", "c/3"]
    assert models("remove:0") == ["b/2", "c/3"]
    assert models("add") == ["a/1", "b/2", "c/3", ""]
    assert models("remove:7") == ["a/1", "b/2", "c/3"]
    assert models("up:x") == ["a/1", "b/2", "c/3"]
    moved = page.post(EDIT, {**fields, **rows, "act": "up:1"}).content.decode()
    assert moved.index("http://b/v1") < moved.index("a/1"), "its address moves with it"


def used(tokens: int, tier: int = 2, task: str = "draft") -> None:
    """A call of yesterday."""
    run, moment = queued_run(), timezone.now() - timedelta(days=1)
    Step.objects.create(
        run=run,
        key=task,
        kind=Step.Kind.MODEL,
        attempt=1,
        started_at=moment,
        finished_at=moment,
        result=RunPayload.objects.create(content={}),
        tier=tier,
        model="openai/cheap",
        prompt_version=f"triage/{task}@abc",
        input_tokens=tokens,
        cached_tokens=tokens // 2,
        output_tokens=tokens,
        pricing=Step.Pricing.UNPRICED,
    )


@pytest.fixture
def priced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two models with prices of our own choosing."""
    from agents import price_list
    from agents.costing import Prices

    def at(given: str) -> Prices:
        usd = Decimal(given) / 1_000_000
        return Prices(input_usd=usd, cached_usd=usd / 10, output_usd=usd * 4)

    table = {"cheap": at("1"), "dear": at("10")}
    monkeypatch.setattr(price_list, "_table", lambda: table)


@pytest.mark.usefixtures("priced")
def test_what_a_change_would_cost_stands_there_before_it_is_made(
    page: Client, fields: dict[str, Any]
) -> None:
    TierVersion.objects.filter(tier=2).update(model="openai/cheap")
    used(1_000_000)

    def cost(model: str) -> str:
        text = page.get("/tiers/2/cost/", {"model": model}).content.decode()
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))

    # Half of the input is cached, at a tenth of its price: 0.5 + 0.05 + 4.
    assert "1 call of tier 2 in the last 7 days: 1,000,000 tokens in (500,000 cached)" in cost("")
    assert "$4.55" in cost("")
    assert "$45.50" in cost("openai/dear")
    assert "$40.95 more a week" in cost("openai/dear")
    assert "unpriced" in cost("openai/unheard-of")
    assert "Nobody knows what a week would cost" in cost("openai/unheard-of")
    assert "costs nothing" in cost("local/countersign")
    assert "$4.55 less a week" in cost("local/countersign")
    previewed = page.post(EDIT, {**fields, "model": ["openai/dear"], "act": "preview"})
    assert previewed.status_code == 200
    assert "$40.95 more a week" in previewed.content.decode()
    assert on_staging().environment == LIVE, "a preview changes nothing"


@pytest.mark.usefixtures("priced")
def test_what_moving_a_task_would_cost_is_reckoned_with_its_own_calls(page: Client) -> None:
    TierVersion.objects.filter(tier=2).update(model="openai/cheap")
    TierVersion.objects.filter(tier=3).update(model="openai/dear")
    used(1_000_000, task="draft")
    text = page.get("/tiers/routes/cost/", {"task-draft": "3", "task-redraft": "2"})
    assert "1 call of draft in the last 7 days" in text.content.decode()
    assert "$40.95 more a week" in text.content.decode()
    assert "redraft" not in text.content.decode()
    nothing = page.get("/tiers/routes/cost/", {"task-draft": "2", "task-plan": "9"})
    assert "nothing costs more or less" in nothing.content.decode()


def test_routes_are_changed_by_a_form_that_says_what_each_task_is(page: Client) -> None:
    text = page.get("/tiers/routes/edit/?environment=staging").content.decode()
    assert "Writes the reply that a person countersigns." in text
    assert "Tier 3, always" in text
    before = RouteVersion.objects.get()
    typed = {f"task-{task}": str(tier) for task, tier in routes().items()}
    typed |= {"task-redraft": "3", "based_on": str(before.pk), "reason": ""}
    wrong = page.post("/tiers/routes/edit/?environment=staging", typed)
    assert wrong.status_code == 422
    assert "Say why" in wrong.content.decode()
    typed |= {"reason": "Harder.", "task-plan": "1"}
    response = page.post("/tiers/routes/edit/?environment=staging", typed, follow=True)
    assert "The routes are changed on staging." in response.content.decode()
    staged = in_force(RouteVersion, STAGING)
    assert staged
    assert (staged.routes["redraft"], staged.routes["plan"]) == (3, 3)
    assert routes()["redraft"] == 2


@pytest.mark.parametrize("slug", ["openai", "anthropic", "ollama", "vllm", "local"])
def test_a_preset_shows_what_it_would_change_and_cost(page: Client, slug: str) -> None:
    text = page.get(f"/tiers/presets/{slug}/").content.decode()
    assert "on all three tiers" in text
    assert text.count('name="model-') == 3
    if slug in {"openai", "anthropic"}:
        assert "<ins>" in text, "what it would change stands field by field"
        assert "A million in, cached, out" in text


def hidden_in(text: str) -> dict[str, str]:
    """What the page's form posts of its own."""
    found = re.findall(r'<input type="hidden" name="(based_on[^"]*)" value="(\d+)"', text)
    return dict(found)


@pytest.mark.parametrize("environment", ["staging", "live"])
def test_a_preset_that_was_looked_at_beside_other_settings_changes_no_tier(
    page: Client, fields: dict[str, Any], environment: str
) -> None:
    seen = hidden_in(page.get("/tiers/presets/local/").content.decode())
    edit = f"/tiers/2/edit/?environment={environment}"
    assert page.post(edit, {**fields, "retries": "3"}).status_code == 302
    typed = {
        "environment": environment,
        "reason": "Back to it.",
        **{f"model-{tier}": "local/countersign" for tier in (1, 2, 3)},
    }
    late = page.post("/tiers/presets/local/", {**typed, **seen})
    assert late.status_code == 422
    assert "Somebody has changed it meanwhile" in late.content.decode()
    assert "Open the form again." in page.post("/tiers/presets/local/", typed).content.decode()
    assert TierVersion.objects.count() == 4
    newer = hidden_in(page.get("/tiers/presets/local/").content.decode())
    assert page.post("/tiers/presets/local/", {**typed, **newer}).status_code == 302


def test_a_preset_is_tried_before_it_is_put_on_every_tier(page: Client, endpoint: HttpPeer) -> None:
    typed = {
        "environment": "staging",
        "endpoint": f"http://127.0.0.1:{free_port()}/v1",
        "key": KEY,
        "reason": "On our own machine.",
        **{f"model-{tier}": "hosted_vllm/good" for tier in (1, 2, 3)},
        **hidden_in(page.get("/tiers/presets/vllm/").content.decode()),
    }
    wrong = page.post("/tiers/presets/vllm/", typed)
    assert wrong.status_code == 422
    assert "could not be reached" in wrong.content.decode()
    assert KEY not in wrong.content.decode()
    assert TierVersion.objects.count() == 3
    assert page.post("/tiers/presets/vllm/", {**typed, "endpoint": ""}).status_code == 422
    assert page.post("/tiers/presets/vllm/", {**typed, "reason": ""}).status_code == 422
    preview = page.post("/tiers/presets/vllm/", {**typed, "act": "preview"})
    assert "hosted_vllm/good, then local/countersign" in preview.content.decode()
    assert TierVersion.objects.count() == 3
    typed["endpoint"] = f"{endpoint.url}/v1"
    response = page.post("/tiers/presets/vllm/", typed, follow=True)
    assert "Staging has the settings of vLLM. Live is as it was." in response.content.decode()
    assert "Staging differs in 3 places" in response.content.decode()
    assert [on_staging(tier).model for tier in (1, 2, 3)] == ["hosted_vllm/good"] * 3
    assert live_tier(1).model == "local/countersign"


@pytest.mark.parametrize(
    "path",
    [
        "/tiers/4/edit/",
        "/tiers/2/edit/?environment=draft",
        "/tiers/routes/edit/?environment=x",
        "/tiers/presets/nobody/",
        "/tiers/history/?of=9",
        "/tiers/history/?of=²",
    ],
)
def test_what_is_not_there_is_not_found(page: Client, path: str) -> None:
    assert page.get(path).status_code == 404


def test_what_is_typed_is_only_ever_text(page: Client, fields: dict[str, Any]) -> None:
    shown = page.post(EDIT, {**fields, "model": [EVIL], "endpoint": [EVIL], "reason": EVIL})
    assert "<script>alert" not in shown.content.decode()
    assert "<script>alert" not in page.get("/tiers/2/cost/", {"model": EVIL}).content.decode()
    page.post(EDIT, {**fields, "retries": "3", "reason": EVIL})
    for path in ("/tiers/", "/tiers/differences/", "/tiers/history/?of=2"):
        text = page.get(path).content.decode()
        assert "&lt;script&gt;alert" in text, path
        assert "<script>alert" not in text, path
