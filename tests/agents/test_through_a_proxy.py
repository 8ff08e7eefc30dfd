"""The demo's tickets through LiteLLM's proxy, a server that nobody here wrote, on all tiers."""

import re
from collections import Counter
from collections.abc import Iterator

import pytest

from agents.connections import Connection, asked_for, put_on_tier, try_out
from agents.errors import CannotConnect
from agents.keys import keep_key
from agents.models import LIVE, Agent, RouteVersion, Run, Step
from agents.runner import execute
from agents.versions import change
from config.local.home import CLONE
from review.demo import files, play
from review.demo.load import load_demo
from review.items import draft_text, settle_run
from review.models import ReviewItem
from tests.litellm_proxy import KEY, litellm_proxy
from tests.provider import ANSWERS

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(240)]

# A model a form, each on a tier of its own.
TASKS = {"extract": ("Extracted", 1), "draft": ("Drafted", 2), "classify": ("Classified", 3)}


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    said = {task: ANSWERS[form] for task, (form, _) in TASKS.items()}
    said["classify"] = {"category": "delivery-problem", "confidence": 0.9, "alternatives": []}
    with litellm_proxy(tmp_path_factory.mktemp("proxy"), {**said, "ready": {"ready": True}}) as url:
        yield url


def test_the_demos_stream_of_tickets_is_drafted_through_it(installed: Agent, proxy: str) -> None:
    load_demo(installed, "a demo password")
    while play.accept_next():
        pass
    Agent.objects.exclude(pk=installed.pk).update(status=Agent.Status.PAUSED)  # triage alone
    routed = {"routes": {task: tier for task, (_, tier) in TASKS.items()}}
    change(RouteVersion, LIVE, {}, lambda before: routed, reason="Through the proxy.", by=None)
    keep_key(proxy, KEY)
    for task, (_, tier) in TASKS.items():
        connection = Connection(model=f"openai/{task}", endpoint=proxy)
        put_on_tier(tier, connection, reason="Through the proxy.", by=None)
    for run in Run.objects.all():
        execute(run.pk)
        settle_run(run.pk)
    runs = Run.objects.values_list("status", "error_message")
    assert Counter(runs) == {("done", ""): len(files.stream())}
    calls = Step.objects.filter(kind=Step.Kind.MODEL)
    assert Counter(calls.values_list("tier", "model", "pricing", "cost_usd")) == {
        (tier, f"openai/{task}", "unpriced", None): len(files.stream())
        for task, (_, tier) in TASKS.items()
    }
    assert not calls.filter(input_tokens=0).exists()
    items = ReviewItem.objects.filter(status="open")
    assert {draft_text(item) for item in items} == {ANSWERS["Drafted"]["reply"]}


def test_a_model_of_the_proxy_is_connected_by_a_test_call(installed: Agent, proxy: str) -> None:
    try_out(asked_for("openai/ready", proxy, KEY), 1)


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("openai/unheard-of", "does not exist at its provider"),
        ("openai/draft", "does not fit Ready"),
    ],
)
def test_a_test_call_that_fails_says_why(
    installed: Agent, proxy: str, model: str, said: str
) -> None:
    with pytest.raises(CannotConnect, match=said):
        try_out(asked_for(model, proxy, KEY), 1)


def test_the_proxy_is_of_the_version_that_the_gateway_uses() -> None:
    pins = [
        re.search(r"^litellm(?:\[proxy\])?==(\S+)", (CLONE / name).read_text(), re.MULTILINE)
        for name in ("requirements.txt", "tests/litellm-proxy.in", "tests/litellm-proxy.txt")
    ]
    assert len({pin[1] for pin in pins if pin}) == 1
    assert all(pins)
