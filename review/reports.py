"""What one attempt at a delivery came to."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Report:
    """`retry`: it surely did not arrive and may be tried again. `unknown`: nobody can tell."""

    state: Literal["sent", "unknown", "failed", "retry"]
    detail: str = ""
    retry_after: timedelta | None = None
