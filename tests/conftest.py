"""The session's real servers, and what most tests start from."""

import os
import secrets
from collections.abc import Iterator
from io import StringIO

import hypothesis
import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from pytest_django import DjangoDbBlocker, Settings

import config.celery  # noqa: F401 - tasks are published to its broker
from agents import doors, shared_doors
from agents.models import Agent
from agents.tiers import install_tiers
from config.local.servers import running_servers
from review.management.commands.prepare import install_roles
from tests import builders
from tests.environment import HOME
from tests.faults.payer import write_tools
from tests.faults.payments import Payments, payment_service
from tests.peers import HttpPeer, Mailbox, smtp_server
from tests.provider import close_model_clients, guarded_endpoint
from tests.stack import Stack, running_stack

# The same examples in every run: a failure is then a change's, not the day's.
hypothesis.settings.register_profile("stable", derandomize=True, deadline=None, database=None)
hypothesis.settings.load_profile("stable")


@pytest.fixture(scope="session")
def servers() -> Iterator[None]:
    """PostgreSQL and Redis of this session, stopped at its end."""
    with running_servers(HOME, durable=False):
        yield


@pytest.fixture(scope="session")
def django_db_modify_db_settings(servers: None) -> None:
    """Have the servers up before pytest-django makes its database."""


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Let the database go at the end: a browser's loop in this thread leaves a connection open."""
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.fixture(scope="session")
def static_files() -> None:
    """What whitenoise serves and templates name."""
    call_command("collectstatic", verbosity=0, interactive=False)


@pytest.fixture(scope="session")
def mailbox() -> Iterator[Mailbox]:
    with smtp_server() as mailbox:
        yield mailbox


@pytest.fixture(scope="session")
def payments() -> Iterator[Payments]:
    with payment_service() as payments:
        yield payments


@pytest.fixture(scope="session")
def stack(servers: None, mailbox: Mailbox, payments: Payments) -> Iterator[Stack]:
    """The demo, running, with mail going to the mailbox and a short undo window."""
    with running_stack(
        HOME,
        "countersign_stack",
        SMTP_HOST="127.0.0.1",
        SMTP_PORT=str(mailbox.port),
        SMTP_SECURITY="none",
        COUNTERSIGN_UNDO_S="3",
        COUNTERSIGN_PLUGINS="tests.faults.payer",
        COUNTERSIGN_TOOLS=str(write_tools(HOME.root / "payments.toml", payments.url)),
    ) as stack:
        yield stack


@pytest.fixture(autouse=True)
def model_clients() -> Iterator[None]:
    """No connection to a model outlives its test: every test has endpoints of its own."""
    yield
    close_model_clients()


@pytest.fixture(autouse=True)
def doors_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one test's models did keeps nobody from the next one's."""
    monkeypatch.setattr(shared_doors, "PREFIX", f"test-{secrets.token_hex(4)}:{{models}}")
    doors._own.cache_clear()


@pytest.fixture
def installed(db: None, settings: Settings) -> Agent:
    """Roles, tiers and the triage agent, as `prepare` leaves them."""
    install_roles()
    install_tiers(settings.TIERS)
    return builders.make_agent()


@pytest.fixture
def ada(installed: Agent) -> User:
    """A reviewer of the queue `orders`."""
    return builders.make_person("ada", "reviewer", builders.make_queue("orders"))


@pytest.fixture
def grace(installed: Agent) -> User:
    """A reviewer of the queues `orders` and `billing`."""
    queues = builders.make_queue("orders"), builders.make_queue("billing")
    return builders.make_person("grace", "reviewer", *queues)


@pytest.fixture
def no_keys(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No provider's key in the environment or kept, and no terminal to ask on."""
    endings = ("_API_KEY", "_MODEL_KEY", "_API_BASE", "_BASE_URL")
    for name in [name for name in os.environ if name.endswith(endings)]:
        monkeypatch.delenv(name)
    monkeypatch.setattr("sys.stdin", StringIO())
    kept = HOME.secrets / "model-keys.json"
    kept.unlink(missing_ok=True)
    yield
    kept.unlink(missing_ok=True)


@pytest.fixture
def endpoint(installed: Agent) -> Iterator[HttpPeer]:
    """An OpenAI-compatible endpoint that knows one key and one model."""
    with guarded_endpoint() as peer:
        yield peer
