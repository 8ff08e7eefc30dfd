"""Remove the demo company, and nothing that is not its own."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError

from agents.local_model import training
from agents.models import Agent
from review.demo import load, removal
from review.demo.removal import Extent
from review.intake import AGENT

NO_ADMIN = (
    "Without the demo's accounts nobody could administer this installation. "
    "Make an admin first: manage.py createsuperuser"
)
BUSY = "The database was too busy. Nothing was removed; try again in a moment."


class Command(BaseCommand):
    help = "Remove the demo company with its tickets, people and knowledge. It does not come back."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *args: Any, **options: Any) -> None:
        if not load.is_loaded():
            self.stdout.write("There is no demo here.")
            return
        if not removal.admins_besides().exists():
            raise CommandError(NO_ADMIN)
        self.stdout.write(describe(removal.extent()))
        if not options["yes"]:
            confirm()
        try:
            removal.remove_demo()
        except OperationalError as error:
            raise CommandError(BUSY) from error
        self.stdout.write("The demo is gone. " + relearn())


def describe(found: Extent) -> str:
    """Return what will be removed, and what stays, for a person to read."""
    return (
        f"This removes the demo company: {found.tickets} tickets of {found.customers} customers "
        f"with their runs, traces and {found.verdicts} verdicts, {found.articles} articles, "
        f"{found.examples} examples, {found.categories} categories, its queues, "
        f"and the accounts {', '.join(found.accounts)}.\n"
        "Your own tickets, their runs and verdicts, your tokens and accounts stay, and with them "
        "the queues and categories that they use. The audit log keeps its entries, which hold no "
        "text, and names the accounts that acted: those stay, closed. "
        "It cannot be undone."
    )


def confirm() -> None:
    """Return if the person at the terminal says yes. Raises CommandError."""
    if not sys.stdin.isatty():
        raise CommandError("Nothing was removed. Add --yes to remove it without being asked.")
    if input("Type yes to remove it: ").strip().lower() != "yes":
        raise CommandError("Nothing was removed.")


def relearn() -> str:
    """Return what the embedded model knows now, trained anew on what is left."""
    agent = Agent.objects.get(slug=AGENT)
    training.forget(agent)
    version = training.train_if_stale(agent)
    if version is None:
        return (
            "The embedded model has nothing to learn from now: "
            "manage.py import_examples gives it examples."
        )
    return f"The embedded model has learnt anew, from {version.examples} examples."
