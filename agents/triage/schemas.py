"""The forms a model's answers must have. Their names tell the embedded model its task."""

import re
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


class Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")


def _primary(language: object) -> object:
    # "en-GB" and "EN" say the same here.
    return re.split("[-_]", language)[0].lower() if isinstance(language, str) else language


class Extracted(Answer):
    language: Annotated[str, BeforeValidator(_primary)] = Field(pattern=r"^[a-z]{2,3}$")
    order_numbers: list[str]
    products: list[str]
    urgency: Literal["low", "normal", "high"]
    urgency_signs: list[str]


class OtherCategory(Answer):
    category: str
    confidence: float = Field(ge=0, le=1)


class Classified(Answer):
    category: str
    confidence: float = Field(ge=0, le=1)
    alternatives: list[OtherCategory]


class Drafted(Answer):
    reply: str
    articles: list[str]
    no_draft_reason: str


class Redrafted(Drafted):
    """A form of its own, so that no model takes the task for a first draft."""
