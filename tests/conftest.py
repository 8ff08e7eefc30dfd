"""The session's real servers, and what most tests start from."""

import os
import secrets
from collections.abc import Iterator
from copy import deepcopy
from functools import partial
from io import StringIO

import hypothesis
import pytest
from django.conf import settings
from django.contrib.auth.models import Group, Permission, User
from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import Model
from pytest_django import DjangoDbBlocker
from xdist.remote import Producer

import config.celery  # noqa: F401 - tasks are published to its broker
from agents import doors, shared_doors
from agents.models import Agent, Category, RouteVersion, TierVersion
from agents.tiers import install_tiers
from config.local.servers import running_servers
from review.accounts import ROLES
from review.management.commands.prepare import install_roles
from review.models import Queue
from tests import builders
from tests.environment import HOME
from tests.faults.payer import write_tools
from tests.faults.payments import Payments, payment_service
from tests.peers import HttpPeer, Mailbox, smtp_server
from tests.placing import Placing
from tests.provider import close_model_clients, guarded_endpoint
from tests.seed import MIGRATED, PLACE, sow, start_making, stop_making
from tests.stack import Stack, running_stack

# The same examples in every run: a failure is then a change's, not the day's.
hypothesis.settings.register_profile("stable", derandomize=True, deadline=None, database=None)
hypothesis.settings.load_profile("stable")

# What `prepare` and the builder of the triage agent fill, in the order of their references.
INSTALLED = (
    Group,
    TierVersion,
    RouteVersion,
    Queue,
    Agent,
    Category,
)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Placing:
    """Say what hands the tests out to the workers."""
    return Placing(config, log)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Have a seed made for the workers while they collect their tests."""
    if session.config.getoption("dist", "no") != "no":
        making = start_making(HOME)
        session.config.add_cleanup(partial(stop_making, making))


@pytest.fixture(scope="session")
def servers() -> Iterator[None]:
    """PostgreSQL and Redis of this session, stopped at its end."""
    sow(HOME)
    with running_servers(HOME, durable=False):
        yield


@pytest.fixture(scope="session")
def django_db_modify_db_settings(servers: None) -> None:
    """Have the servers up before pytest-django makes its database, of one with the schema."""
    if PLACE in os.environ:
        connection.settings_dict["TEST"]["TEMPLATE"] = MIGRATED


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


@pytest.fixture(scope="session")
def installation(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> list[list[Model]]:
    """The rows of an installation, made as in earnest and taken away again."""
    with django_db_blocker.unblock(), transaction.atomic():
        install_roles()
        install_tiers(settings.TIERS)
        builders.make_agent()
        rows = [list(model._default_manager.all()) for model in INSTALLED]
        transaction.set_rollback(True)
    return rows


@pytest.fixture
def installed(db: None, installation: list[list[Model]]) -> Agent:
    """Roles, tiers and the triage agent, as `prepare` leaves them."""
    for rows in deepcopy(installation):  # a few statements instead of a hundred
        type(rows[0])._default_manager.bulk_create(rows)
    # These are others once a test has emptied the database.
    permissions = dict(
        Permission.objects.filter(content_type__app_label="review").values_list("codename", "pk")
    )
    allows = Group.permissions.through
    allows._default_manager.bulk_create(
        allows(group_id=group, permission_id=permissions[codename])
        for group, role in Group.objects.values_list("pk", "name")
        for codename in ROLES[role]
    )
    return Agent.objects.get()


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
