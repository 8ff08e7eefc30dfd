"""Connecting a model: a real call over HTTP, a version, a key in a file and nowhere else."""

import json
import logging
import os
import pty
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection as database

from agents import connections, keys
from agents.errors import CannotConnect
from agents.models import Agent, TierVersion
from agents.tiers import live_tier
from review.connecting import connect
from review.models import AuditEntry
from review.tiers.changing import use_again
from tests.agents.test_runner import executed, queued_run
from tests.peers import HttpPeer, free_port
from tests.provider import KEY, guarded_endpoint, model_provider

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_keys")]

OTHER_KEY = "sk-other-77aa88bb99cc"


def _key_file() -> Path:
    return Path(settings.HOME.secrets) / "model-keys.json"


def connect_model(*arguments: str) -> str:
    out = StringIO()
    call_command("connect_model", *arguments, stdout=out)
    return out.getvalue()


def everything_in_the_database() -> str:
    """All text of all tables."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
            " WHERE schemaname = 'public'"
        )
        tables = [name for (name,) in cursor.fetchall()]
        texts = []
        for table in tables:
            cursor.execute(f"SELECT coalesce(string_agg(t::text, ' '), '') FROM {table} t")
            texts.append(cursor.fetchone()[0])
    return " ".join(texts)


def test_a_model_takes_a_tier_after_a_real_call(
    endpoint: HttpPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COUNTERSIGN_MODEL_KEY", KEY)
    before = live_tier(2)
    printed = connect_model("2", "openai/good", "--api-base", f"{endpoint.url}/v1/")
    assert printed == "Tier 2 runs on openai/good (version 2).\n"
    live = live_tier(2)
    assert (live.version, live.model) == (2, "openai/good")
    assert live.endpoints == {"openai/good": f"{endpoint.url}/v1"}
    assert live.reason == "Connected by connect_model."
    assert (live.temperature, live.max_tokens, live.timeout_s) == (
        before.temperature,
        before.max_tokens,
        before.timeout_s,
    )
    assert [request.path for request in endpoint.requests] == ["/v1/chat/completions"]
    before.refresh_from_db()
    assert not before.is_live
    assert live_tier(1).version == 1
    entry = AuditEntry.objects.get(action="tier.changed")
    assert (entry.actor_name, entry.detail["was"], entry.detail["now"]) == (
        "system",
        ["local/countersign"],
        ["openai/good"],
    )


def test_the_next_run_uses_it_without_a_restart(
    installed: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    with model_provider() as provider:
        monkeypatch.setenv("COUNTERSIGN_MODEL_KEY", KEY)
        connect_model("all", "openai/good", "--api-base", f"{provider.peer.url}/v1")
        assert provider.forms == ["Ready"], "one call tries a model out"
        monkeypatch.delenv("COUNTERSIGN_MODEL_KEY")  # as in a worker, which has only the file
        run = executed(queued_run())
    assert (run.status, run.error_message) == ("done", "")
    assert provider.forms == ["Ready", "Extracted", "Classified", "Drafted"]
    sent = {request.headers["authorization"] for request in provider.peer.requests}
    assert sent == {f"Bearer {KEY}"}


def test_the_key_is_in_its_file_and_nowhere_else(
    endpoint: HttpPeer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("COUNTERSIGN_MODEL_KEY", KEY)
    printed = connect_model("1", "openai/good", "--api-base", f"{endpoint.url}/v1", "--json")
    assert stat.S_IMODE(_key_file().stat().st_mode) == 0o600
    assert json.loads(_key_file().read_text()) == {f"{endpoint.url}/v1": KEY}
    dump = everything_in_the_database()
    assert "openai/good" in dump, "the dump does see what is there"
    assert KEY not in dump + caplog.text + printed


@pytest.mark.parametrize(
    ("key", "model", "says"),
    [
        (OTHER_KEY, "openai/good", "key"),
        ("", "openai/good", "key"),
        (KEY, "openai/unknown", "openai/unknown"),
    ],
)
def test_what_the_endpoint_refuses_changes_nothing(
    endpoint: HttpPeer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    key: str,
    model: str,
    says: str,
) -> None:
    monkeypatch.setenv("COUNTERSIGN_MODEL_KEY", key)
    with pytest.raises(CommandError) as refused:
        connect_model("1", model, "--api-base", f"{endpoint.url}/v1")
    assert says in str(refused.value)
    assert str(refused.value).endswith("Nothing was changed.")
    assert "sk-" not in str(refused.value) + caplog.text
    assert TierVersion.objects.count() == 3
    assert not _key_file().exists()
    assert not AuditEntry.objects.exists()


def test_a_key_that_fails_does_not_replace_one_that_works(
    endpoint: HttpPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = f"{endpoint.url}/v1"
    keys.keep_key(base, KEY)
    monkeypatch.setenv("COUNTERSIGN_MODEL_KEY", OTHER_KEY)
    with pytest.raises(CommandError):
        connect_model("1", "openai/good", "--api-base", base)
    assert keys.key_of(base) == KEY


def test_a_port_nobody_listens_on_is_said(installed: Agent) -> None:
    with pytest.raises(CommandError, match="Nothing was changed"):
        connect_model("3", "openai/good", "--api-base", f"http://127.0.0.1:{free_port()}/v1")
    assert live_tier(3).version == 1


def test_a_key_never_goes_to_another_endpoint(
    endpoint: HttpPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the provider's own from the environment nor another endpoint's from the file."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-provider")
    keys.keep_key("openai", "sk-of-the-provider")
    keys.keep_key("https://elsewhere.example/v1", "sk-elsewhere")
    with pytest.raises(CommandError):
        connect_model("1", "openai/good", "--api-base", f"{endpoint.url}/v1")
    sent = [request.headers.get("authorization", "") for request in endpoint.requests]
    assert sent
    assert not [header for header in sent if "sk-" in header]


def test_a_provider_that_needs_a_key_is_not_asked_without_one(installed: Agent) -> None:
    with pytest.raises(CommandError, match="ANTHROPIC_API_KEY"):
        connect_model("1", "anthropic/some-model")
    assert live_tier(1).version == 1


def test_what_the_environment_names_is_kept_for_the_worker_that_lacks_it(
    installed: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Address and key: else the test call would go there, and the workers' calls elsewhere."""
    with guarded_endpoint() as peer:
        address = f"{peer.url}/v1"
        monkeypatch.setenv("OPENAI_BASE_URL", address)
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        connect_model("1", "openai/good")
    assert keys.key_of(address) == KEY
    assert keys.key_of("openai") is None
    assert live_tier(1).endpoints == {"openai/good": address}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("4", "openai/x"), "no tier “4”"),
        (("1", "just-a-name"), "provider/model"),
        (("1", "openai/"), "provider/model"),
        (("1", "nobody/x"), "No provider is called “nobody”"),
        (("1", "hosted_vllm/x"), "give its base URL"),
        (("1", "openai/x", "--api-base", "ftp://host/v1"), "http:// or https://"),
        (("1", "openai/x", "--api-base", "file:///etc/passwd"), "http:// or https://"),
        (("1", "openai/x", "--api-base", "http://"), "name a host"),
        (("1", "openai/x", "--api-base", "http://host:port/v1"), "name a host"),
        (("1", "openai/x", "--api-base", "https://me:secret@host/v1"), "more than an address"),
        (("1", "openai/x", "--api-base", "https://host/v1?key=secret"), "more than an address"),
        (("1", "local/countersign", "--api-base", "http://host/v1"), "neither an address"),
        (("1", "local/countersign", "--fallback"), "on tier 1 already"),
    ],
)
def test_what_cannot_be_meant_is_said_in_a_sentence(
    installed: Agent, arguments: tuple[str, ...], says: str
) -> None:
    with pytest.raises(CommandError) as refused:
        connect_model(*arguments)
    assert says in str(refused.value)
    assert TierVersion.objects.count() == 3


@pytest.mark.parametrize("key", ["two words", "line\nbreak", "schlüssel", "k" * 5000])
def test_what_is_no_key_is_not_sent_anywhere(
    endpoint: HttpPeer, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv("COUNTERSIGN_MODEL_KEY", key)
    with pytest.raises(CommandError, match="characters that no key has"):
        connect_model("1", "openai/good", "--api-base", f"{endpoint.url}/v1")
    assert endpoint.requests == []


def test_a_fallback_is_asked_after_all_others_and_leaves_with_the_way_back(
    endpoint: HttpPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = f"{endpoint.url}/v1"
    monkeypatch.setenv("COUNTERSIGN_MODEL_KEY", KEY)
    connect_model("2", "openai/good", "--api-base", base, "--reason", "New questions.")
    connect_model("2", "local/countersign", "--fallback")
    live = live_tier(2)
    assert (live.version, live.models) == (3, ["openai/good", "local/countersign"])
    assert live.endpoints == {"openai/good": base}
    connect_model("2", "local/countersign")
    live = live_tier(2)
    assert (live.version, live.models, live.endpoints) == (4, ["local/countersign"], {})
    assert len(endpoint.requests) == 1, "the embedded model needs no call"


def test_an_earlier_version_comes_back_as_a_new_one_after_a_call(
    endpoint: HttpPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COUNTERSIGN_MODEL_KEY", KEY)
    connect_model("1", "openai/good", "--api-base", f"{endpoint.url}/v1")
    real = live_tier(1)
    TierVersion.objects.filter(pk=real.pk).update(max_tokens=777)
    real.refresh_from_db()
    connect_model("1", "local/countersign")
    again = use_again(real, reason="It drafts better.", by=None)
    assert (again.version, again.max_tokens, again.models) == (4, 777, ["openai/good"])
    assert live_tier(1) == again
    connect_model("1", "local/countersign")
    keys.keep_key(f"{endpoint.url}/v1", OTHER_KEY)
    with pytest.raises(CannotConnect):
        use_again(real, reason="It drafts better.", by=None)
    assert live_tier(1).version == 5


def test_all_tiers_change_or_none(endpoint: HttpPeer) -> None:
    asked = connections.asked_for("openai/good", f"{endpoint.url}/v1", KEY)
    connect([3], asked, reason="First.", by=None)
    with pytest.raises(CannotConnect, match="on tier 3 already"):
        connect([1, 2, 3], asked, reason="Second.", by=None, as_fallback=True)
    assert [live_tier(tier).version for tier in (1, 2, 3)] == [1, 1, 2]


def test_a_key_whose_version_is_refused_is_not_kept(endpoint: HttpPeer) -> None:
    base = f"{endpoint.url}/v1"
    TierVersion.objects.update(model="openai/good", endpoints={"openai/good": base})
    asked = connections.asked_for("openai/good", base, KEY)
    with pytest.raises(CannotConnect, match="on tier 1 already"):
        connect([1], asked, reason="As its own fallback.", by=None, as_fallback=True)
    assert keys.key_of(base) is None


@pytest.mark.django_db(transaction=True)
def test_two_who_connect_at_once_make_two_versions(
    endpoint: HttpPeer, together: Callable[[Callable[[], object], int], list[object]]
) -> None:
    asked = connections.asked_for("openai/good", f"{endpoint.url}/v1", KEY)
    results = together(lambda: connect([1], asked, reason="At once.", by=None), 4)
    assert not [result for result in results if isinstance(result, Exception)]
    versions = TierVersion.objects.filter(tier=1).order_by("version")
    assert [version.version for version in versions] == [1, 2, 3, 4, 5]
    assert [version.is_live for version in versions] == [False] * 4 + [True]


@pytest.fixture
def together() -> Callable[[Callable[[], object], int], list[object]]:
    """Return a way to do something in so many threads at the same moment."""

    def run(work: Callable[[], object], threads: int) -> list[object]:
        results: list[object] = []
        barrier = threading.Barrier(threads)

        def one() -> None:
            barrier.wait()
            try:
                results.append(work())
            except Exception as error:  # noqa: BLE001 - the test looks at each
                results.append(error)
            finally:
                database.close()

        started = [threading.Thread(target=one) for _ in range(threads)]
        for thread in started:
            thread.start()
        for thread in started:
            thread.join()
        return results

    return run


def test_keys_kept_at_once_are_all_kept(
    together: Callable[[Callable[[], object], int], list[object]],
) -> None:
    holders = iter([f"https://host-{number}.example/v1" for number in range(12)])
    lock = threading.Lock()

    def keep() -> None:
        for _ in range(3):
            with lock:
                holder = next(holders)
            keys.keep_key(holder, KEY)

    results = together(keep, 4)
    assert results == [None] * 4
    assert len(json.loads(_key_file().read_text())) == 12


def test_on_a_terminal_the_key_is_asked_for_and_not_shown(
    endpoint: HttpPeer, tmp_path: Path
) -> None:
    """The command itself, its terminal a real one: what is typed is not printed."""
    program = (
        "import django; django.setup()\n"
        "from review.management.commands.connect_model import _with_key\n"
        "from agents.connections import Connection\n"
        f"found = _with_key(Connection(model='openai/good', endpoint='{endpoint.url}/v1'))\n"
        "print('length', len(found.key))\n"
    )
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=settings.BASE_DIR,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings"},
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
    )
    os.close(slave)
    shown = _until(master, b"):")
    os.write(master, f"{KEY}\n".encode())
    shown += _until(master, b"length")
    assert process.wait(30) == 0
    os.close(master)
    assert f"Key for {endpoint.url}/v1" in shown.decode()
    assert KEY not in shown.decode()


def _until(terminal: int, mark: bytes) -> bytes:
    shown = b""
    while mark not in shown:
        shown += os.read(terminal, 1024)
    return shown
