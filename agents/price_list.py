"""Models' prices, by the table that comes with litellm.

Read from its file: the import takes seconds and 190 MB, which a page that shows a price need not
pay. litellm itself is told to use the same file (`agents/llm.py`).
"""

import importlib.util
import json
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from agents.costing import FREE, Prices
from agents.tiers import is_embedded

TABLE = "model_prices_and_context_window_backup.json"


def prices_of(model: str) -> Prices | None:
    """Return what the model costs: nothing where it is embedded, None where nobody knows."""
    if is_embedded(model):
        return FREE
    known = _table()
    return known.get(model) or known.get(model.partition("/")[2])


def unpriced(models: list[str]) -> list[str]:
    """Return those of the models whose price nobody knows."""
    return [model for model in models if prices_of(model) is None]


@cache
def _table() -> dict[str, Prices]:
    spec = importlib.util.find_spec("litellm")
    (folder,) = (spec.submodule_search_locations if spec else None) or [""]
    entries = json.loads((Path(folder) / TABLE).read_text(encoding="utf-8"), parse_float=Decimal)
    found = ((model, _prices(entry)) for model, entry in entries.items())
    return {model: prices for model, prices in found if prices}


def _prices(entry: dict[str, Any]) -> Prices | None:
    """Return an entry's prices; one with a price of 0 says that nobody knows."""
    given, answered = entry.get("input_cost_per_token"), entry.get("output_cost_per_token")
    if not isinstance(given, Decimal) or not isinstance(answered, Decimal):
        return None
    if not given or not answered:
        return None
    cached = entry.get("cache_read_input_token_cost")
    return Prices(
        input_usd=given,
        output_usd=answered,
        cached_usd=cached if isinstance(cached, Decimal) else given,
    )
