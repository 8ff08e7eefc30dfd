"""Connecting a model to a tier: what is asked for, whether it works, and the version it becomes."""

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import User

from agents import keys, llm
from agents.errors import CannotConnect, ModelError
from agents.models import TierVersion
from agents.price_list import unpriced
from agents.tiers import LOCAL, is_embedded, live_tier
from agents.versions import change

TIERS = (1, 2, 3)
EMBEDDED = f"{LOCAL}/countersign"
LONGEST_NAME = 120
LONGEST_KEY = 4096


@dataclass(frozen=True, kw_only=True)
class Provider:
    """Who runs a model. prefix: what litellm calls it, empty where the model's name has it."""

    slug: str
    name: str
    prefix: str = ""
    endpoint: str = ""
    needs_endpoint: bool = False
    takes_key: bool = True


PROVIDERS = (
    Provider(slug="openai", name="OpenAI", prefix="openai"),
    Provider(slug="anthropic", name="Anthropic", prefix="anthropic"),
    Provider(
        slug="ollama",
        name="Ollama",
        prefix="ollama_chat",
        endpoint="http://127.0.0.1:11434",
        takes_key=False,
    ),
    Provider(slug="vllm", name="vLLM", prefix="hosted_vllm", needs_endpoint=True),
    Provider(
        slug="compatible", name="OpenAI-compatible endpoint", prefix="openai", needs_endpoint=True
    ),
    Provider(slug="embedded", name="Embedded model", prefix=LOCAL, takes_key=False),
    Provider(slug="other", name="Another provider"),
)


@dataclass(frozen=True, kw_only=True)
class Connection:
    """A model and the way to it. endpoint: its base URL where that is not the provider's own.

    key: one to use from now on; empty where the one known already serves, or none is needed.
    """

    model: str
    endpoint: str = ""
    key: str = field(default="", repr=False)

    @property
    def holder(self) -> str:
        """Whose the key is: an endpoint's is its own, never its provider's."""
        return self.endpoint or _prefix(self.model)

    @property
    def is_embedded(self) -> bool:
        """Whether it runs inside this installation."""
        return is_embedded(self.model)


def takes_key(connection: Connection) -> bool:
    """Return whether a key could be of use: not to what runs on this machine by default."""
    provider = _provider(connection.model)
    if provider is None or provider.takes_key:
        return True
    return bool(connection.endpoint) and connection.endpoint != provider.endpoint


def asked_for(model: str, endpoint: str = "", key: str = "") -> Connection:
    """Return the connection in its one form. Raises CannotConnect with what is wrong with it."""
    model, endpoint, key = model.strip(), endpoint.strip().rstrip("/"), key.strip()
    if is_embedded(model):
        if endpoint or key:
            raise CannotConnect("The embedded model takes neither an address nor a key.")
        return Connection(model=EMBEDDED)
    provider = _provider(model)
    _check_name(model, provider)
    endpoint = endpoint or (provider.endpoint if provider else "")
    if endpoint:
        _check_endpoint(endpoint)
    elif provider and provider.needs_endpoint:
        raise CannotConnect(f"{provider.name} has no address of its own: give its base URL.")
    if not (key.isascii() and key.isprintable() and " " not in key and len(key) <= LONGEST_KEY):
        raise CannotConnect("The key holds characters that no key has. Copy it again.")
    return Connection(model=model, endpoint=endpoint, key=key)


def try_out(connection: Connection, tier: int) -> None:
    """Make one real call as the tier would. Raises CannotConnect that says what to do.

    The embedded model is on this machine and asked nothing: going back to it must always work.
    """
    if connection.is_embedded:
        return
    if not connection.endpoint and not connection.key and not keys.key_of(connection.holder):
        _check_access(connection.model)
    live = live_tier(tier)
    with keys.trying(connection.holder, connection.key):
        _ask(_unsaved(live, _replacing(live, connection), reason="Test call."))


def try_settings(version: TierVersion, connections: Iterable[Connection]) -> None:
    """Make one real call to each of these models of a tier version that is not saved yet.

    Raises CannotConnect that says which of them did not answer and what to do.
    """
    for connection in connections:
        if connection.is_embedded:
            continue
        if not connection.endpoint and not connection.key and not keys.key_of(connection.holder):
            _check_access(connection.model)
        with keys.trying(connection.holder, connection.key):
            _ask(_unsaved(version, {"model": connection.model, "fallbacks": []}, reason="Test."))


def connections_of(version: TierVersion) -> tuple[Connection, ...]:
    """Return the version's models, each with the way to it."""
    return tuple(
        Connection(model=model, endpoint=version.endpoints.get(model, ""))
        for model in version.models
    )


def is_key_missing(connection: Connection) -> bool:
    """Return whether its provider is known to want a key and none is known to this process.

    An endpoint of one's own may want none; what other providers want, only a call can tell.
    """
    provider = _provider(connection.model)
    if provider is None or not provider.takes_key or provider.needs_endpoint:
        return False
    variable = f"{provider.prefix.upper()}_API_KEY"
    return not (connection.endpoint or keys.key_of(connection.holder) or os.environ.get(variable))


def check_settings(version: TierVersion) -> None:
    """Raise CannotConnect for a model asked twice, or a budget that nothing could hold it to."""
    twice = [model for model in version.models if version.models.count(model) > 1]
    if twice:
        raise CannotConnect(f"{twice[0]} would be asked twice: take one of the two out.")
    if version.budget_run_usd is None and version.budget_day_usd is None:
        return
    unknown = unpriced(version.models)
    if unknown:
        raise CannotConnect(
            f"The budget of tier {version.tier} would not hold: nobody knows the price of "
            f"{unknown[0]}. Leave the budgets empty, or choose a model with a price."
        )


def keep_key(connection: Connection) -> None:
    """Keep the connection's key, if it brought one, for every later call of its holder."""
    if connection.key:
        keys.keep_key(connection.holder, connection.key)


def put_on_tier(
    tier: int, connection: Connection, *, reason: str, by: User | None
) -> tuple[TierVersion, TierVersion]:
    """Return the version before and the new live one, which runs on this model first.

    Fallbacks stay, except before the embedded model: who goes back to it wants no text to leave.
    """
    return _install(tier, lambda live: _replacing(live, connection), reason=reason, by=by)


def add_fallback(
    tier: int, connection: Connection, *, reason: str, by: User | None
) -> tuple[TierVersion, TierVersion]:
    """Return the version before and the new live one, which asks this model after all others.

    Raises CannotConnect when the tier has the model already.
    """

    def appended(live: TierVersion) -> dict[str, Any]:
        if connection.model in live.models:
            raise CannotConnect(f"{connection.model} is on tier {tier} already.")
        return {
            "model": live.model,
            "fallbacks": [*live.fallbacks, connection.model],
            "endpoints": live.endpoints | _endpoint(connection),
        }

    return _install(tier, appended, reason=reason, by=by)


def _install(
    tier: int,
    content: Callable[[TierVersion], Mapping[str, Any]],
    *,
    reason: str,
    by: User | None,
) -> tuple[TierVersion, TierVersion]:
    def said(before: TierVersion | None) -> Mapping[str, Any]:
        if before is None:
            return {}
        changes = content(before)
        check_settings(_unsaved(before, changes, reason=reason))
        return changes

    before, after = change(
        TierVersion, settings.ENVIRONMENT, {"tier": tier}, said, reason=reason, by=by
    )
    return before or after, after  # every tier is installed with a live version


def _unsaved(live: TierVersion, changes: Mapping[str, Any], *, reason: str) -> TierVersion:
    """Return a version of the same tier with the live one's settings but for the changes."""
    return TierVersion(
        environment=live.environment, tier=live.tier, reason=reason, **{**live.content, **changes}
    )


def _replacing(live: TierVersion, connection: Connection) -> dict[str, Any]:
    fallbacks = [model for model in live.fallbacks if model != connection.model]
    if connection.is_embedded:
        fallbacks = []
    kept = {model: url for model, url in live.endpoints.items() if model in fallbacks}
    return {
        "model": connection.model,
        "fallbacks": fallbacks,
        "endpoints": kept | _endpoint(connection),
    }


def _endpoint(connection: Connection) -> dict[str, str]:
    return {connection.model: connection.endpoint} if connection.endpoint else {}


def _ask(version: TierVersion) -> None:
    try:
        llm.probe(version)
    except ModelError as error:
        raise CannotConnect(str(error)) from error


def _check_name(model: str, provider: Provider | None) -> None:
    prefix, _, name = model.partition("/")
    if not name:
        raise CannotConnect(
            f"“{model}” does not say whose it is: write it as provider/model, or {EMBEDDED}."
        )
    if len(model) > LONGEST_NAME or not model.isprintable() or " " in model:
        raise CannotConnect("That is not a model's name. Copy it again.")
    if provider is None and not llm.knows_provider(prefix):
        raise CannotConnect(
            f"No provider is called “{prefix}”. For an endpoint that speaks OpenAI's language, "
            "write openai/ before the model's name and give the endpoint's base URL."
        )


def _check_endpoint(endpoint: str) -> None:
    try:
        parts = urlsplit(endpoint)
        is_whole = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        is_whole = False
    if not is_whole or parts.scheme not in {"http", "https"} or not endpoint.isprintable():
        raise CannotConnect("The base URL must begin with http:// or https:// and name a host.")
    if parts.username or parts.password or parts.query or parts.fragment or " " in endpoint:
        raise CannotConnect("The base URL holds more than an address. Give the key as the key.")


def _check_access(model: str) -> None:
    missing = llm.missing_access(model)
    if missing:
        raise CannotConnect(
            f"{model} needs a key and none was given: give one, or set {' / '.join(missing)}."
        )


def _provider(model: str) -> Provider | None:
    return next((p for p in PROVIDERS if p.prefix == _prefix(model)), None)


def _prefix(model: str) -> str:
    return model.partition("/")[0]
