"""Connect a model to a tier."""

import getpass
import json
import os
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from agents.connections import TIERS, Connection, asked_for, takes_key
from agents.errors import CannotConnect
from agents.keys import key_of
from agents.models import TierVersion
from review.connecting import connect

ALL = "all"
ENDPOINT_VARIABLE = "COUNTERSIGN_MODEL_KEY"


class Command(BaseCommand):
    help = (
        "Put a model on a tier after one real test call; running workers use it from their next "
        "call on. Its key comes from the environment (the provider's usual variable; "
        f"{ENDPOINT_VARIABLE} with --api-base) or is asked for; it is never an argument."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("tier", help="1, 2, 3 or all.")
        parser.add_argument("model", help="provider/model, or local/countersign to go back.")
        parser.add_argument("--api-base", default="", help="Base URL of an endpoint of your own.")
        parser.add_argument("--fallback", action="store_true", help="Ask it after all others.")
        parser.add_argument("--reason", default="Connected by connect_model.")
        parser.add_argument("--json", action="store_true", help="Print JSON alone.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            tiers = _tiers(options["tier"])
            connection = _with_key(_asked_for(options["model"], options["api_base"]))
            versions = connect(
                tiers,
                connection,
                reason=options["reason"].strip() or "Connected by connect_model.",
                by=None,
                as_fallback=options["fallback"],
            )
        except CannotConnect as error:
            raise CommandError(f"{error} Nothing was changed.") from None
        if options["json"]:
            self.stdout.write(json.dumps({"tiers": [_plain(version) for version in versions]}))
            return
        for version in versions:
            chain = ", then ".join(version.models)
            self.stdout.write(f"Tier {version.tier} runs on {chain} (version {version.version}).")


def _tiers(text: str) -> tuple[int, ...]:
    if text == ALL:
        return TIERS
    if text not in map(str, TIERS):
        raise CannotConnect(f"There is no tier “{text}”: say 1, 2, 3 or all.")
    return (int(text),)


def _asked_for(model: str, api_base: str) -> Connection:
    """Return the connection, at the endpoint given or the one that the environment names.

    The test call would go there too, but workers do not share this environment.
    """
    usual = _first_set(f"{_stem(model)}_API_BASE", f"{_stem(model)}_BASE_URL")
    return asked_for(model, api_base or usual)


def _with_key(connection: Connection) -> Connection:
    """Return the connection with the key that the environment has or the person types, if any."""
    if not takes_key(connection):
        return connection
    key = _first_set(*_variables(connection))
    if not key and sys.stdin.isatty():
        known = "the one known" if key_of(connection.holder) else "none"
        key = getpass.getpass(f"Key for {connection.holder} (empty for {known}): ")
    return asked_for(connection.model, connection.endpoint, key)


def _variables(connection: Connection) -> list[str]:
    stem = _stem(connection.model)
    usual = [f"{stem}_API_KEY", f"{stem.replace('_', '')}_API_KEY"]
    if not connection.endpoint:
        return usual
    # The environment that names the endpoint as the provider's means the provider's key for it.
    named = _first_set(f"{stem}_API_BASE", f"{stem}_BASE_URL").rstrip("/") == connection.endpoint
    return [ENDPOINT_VARIABLE, *(usual if named else [])]


def _stem(model: str) -> str:
    return model.partition("/")[0].upper().replace("-", "_")


def _first_set(*names: str) -> str:
    return next((os.environ[name] for name in names if os.environ.get(name)), "")


def _plain(version: TierVersion) -> dict[str, Any]:
    return {
        "tier": version.tier,
        "version": version.version,
        "model": version.model,
        "fallbacks": version.fallbacks,
        "endpoints": version.endpoints,
        "reason": version.reason,
    }
