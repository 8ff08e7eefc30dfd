"""What one attempt at a delivery came to."""

import unicodedata
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

LONGEST_DETAIL = 500


@dataclass(frozen=True, kw_only=True)
class Report:
    """`retry`: it surely did not arrive and may be tried again. `unknown`: nobody can tell."""

    state: Literal["sent", "unknown", "failed", "retry"]
    detail: str = ""
    retry_after: timedelta | None = None

    @property
    def said(self) -> str:
        """The detail as it is stored and shown: one line, whatever the other side answered."""
        shown = (
            " " if unicodedata.category(letter) in {"Cc", "Cs", "Zl", "Zp"} else letter
            for letter in self.detail[:LONGEST_DETAIL]
        )
        return " ".join("".join(shown).split())
