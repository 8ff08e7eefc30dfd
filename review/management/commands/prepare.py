"""Bring the installation to where the console can start: schema, tiers, roles, demo, statics."""

import secrets
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.utils import timezone

from agents.models import Agent
from agents.tiers import install_tiers
from observability import recorder
from review.accounts import ROLES
from review.agent_definitions import install_missing
from review.demo import load
from review.intake import AGENT as TRIAGE

OWNER = "owner"


class Command(BaseCommand):
    help = "Migrate, install tiers and roles, load the demo where asked; safe to repeat."

    def handle(self, *args: Any, **options: Any) -> None:
        database = OWNER if OWNER in settings.DATABASES else "default"
        call_command("migrate", database=database, verbosity=0, interactive=False)
        call_command("createcachetable", database=database, verbosity=0)
        call_command("collectstatic", verbosity=0, interactive=False)
        recorder.make_partitions(timezone.now().date())
        install_tiers(settings.TIERS)
        install_roles()
        install_missing(demo=settings.DEMO and not load.was_removed())
        agent = Agent.objects.get(slug=TRIAGE)
        if settings.DEMO and load.was_removed():
            self.stdout.write("No demo: it was removed.")
        elif settings.DEMO:
            self._prepare_demo(agent)
        else:
            self.stdout.write("No demo: manage.py createsuperuser makes the first account.")

    def _prepare_demo(self, agent: Agent) -> None:
        password, is_new = demo_password()
        if load.is_loaded() and is_new:
            load.set_passwords(password)
        if load.is_loaded():
            load.add_shop(agent)
        else:
            from agents.local_model import training  # noqa: PLC0415 - imports scikit-learn

            load.load_demo(agent, password)
            training.train_if_stale(agent)
        self.stdout.write("Log in as reviewer, lead, admin or manager; password: " + password)


def install_roles() -> None:
    """Make a group of each role, with its permissions."""
    for role, names in ROLES.items():
        group, _ = Group.objects.get_or_create(name=role)
        group.permissions.set(
            Permission.objects.filter(content_type__app_label="review", codename__in=names)
        )


def demo_password() -> tuple[str, bool]:
    """Return the demo accounts' password, and whether it is another than at the last start.

    It is the environment's, else one made once for this home.
    """
    file: Path = settings.HOME.secrets / "demo-password"
    known = file.read_text(encoding="utf-8") if file.exists() else ""
    password = settings.DEMO_PASSWORD or known or secrets.token_urlsafe(9)
    if password != known:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(password, encoding="utf-8")
    return password, password != known
