"""What somebody should look at in a tier, in sentences."""

from datetime import date

from agents.connections import connections_of, is_key_missing
from agents.models import TierVersion
from agents.price_list import unpriced


def warnings_of(version: TierVersion, today: date) -> list[str]:
    """Return what is amiss with a tier that is in force, a sentence each."""
    found = []
    if version.look_again_on < today:
        days = (today - version.look_again_on).days
        found.append(
            f"Nobody has looked at it again: that was due {_days(days)} ago. "
            "Edit it, or save it as it is with a new day and why."
        )
    found += [
        f"No key for {one.model} is known to this process: its calls fail unless the workers have "
        "one. Connect it with its key."
        for one in connections_of(version)
        if is_key_missing(one)
    ]
    twice = sorted({model for model in version.models if version.models.count(model) > 1})
    found += [f"{model} is asked twice in a row of fallbacks: take one out." for model in twice]
    has_budget = version.budget_run_usd is not None or version.budget_day_usd is not None
    if has_budget:
        found += [
            f"The budget does not hold: nobody knows the price of {model}."
            for model in unpriced(version.models)
        ]
    return found


def _days(days: int) -> str:
    return "1 day" if days == 1 else f"{days:,} days"
