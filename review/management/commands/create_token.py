"""Make a bearer token for the API."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from review.models import ApiToken
from review.tokens import create_token


class Command(BaseCommand):
    help = "Print a new API token, alone on the last line. It cannot be shown again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument(
            "--scope", action="append", required=True, choices=ApiToken.Scope.values, dest="scopes"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        self.stderr.write("Keep this token now: it is stored only as a hash.")
        self.stdout.write(create_token(options["name"], options["scopes"]))
