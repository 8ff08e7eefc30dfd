"""What a model's tokens cost, out of litellm's own table. litellm is not imported for it: that
takes seconds and 170 MB, and a page only wants to read a file.
"""

import importlib.util
import json
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

TABLE = "model_prices_and_context_window_backup.json"


@dataclass(frozen=True, kw_only=True)
class Price:
    """USD a token."""

    input_usd: Decimal
    output_usd: Decimal


def price_of(model: str) -> Price | None:
    """Return the model's price, None where the table has none or not both."""
    known = _table().get(model) or _table().get(model.partition("/")[2]) or {}
    given = known.get("input_cost_per_token"), known.get("output_cost_per_token")
    if not all(given):
        return None
    return Price(input_usd=Decimal(str(given[0])), output_usd=Decimal(str(given[1])))


@cache
def _table() -> dict[str, dict[str, Any]]:
    found = importlib.util.find_spec("litellm")
    folders = (found.submodule_search_locations if found else None) or ()
    for folder in folders:
        file = Path(folder) / TABLE
        if file.exists():
            table: dict[str, dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
            return table
    return {}
