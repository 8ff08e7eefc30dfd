"""The forms a model's answers must have. Their names tell the embedded model its task."""

import re
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator


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


class PlanOption(Answer):
    title: str = Field(min_length=1)
    steps: list[str] = Field(min_length=1)
    risks: list[str]


class Planned(Answer):
    """What a person needs before they decide on something rare and grave."""

    summary: str = Field(min_length=1)
    options: list[PlanOption] = Field(min_length=2, max_length=4)
    recommended: int = Field(ge=1, le=4)
    why: str = Field(min_length=1)
    must_not_say: list[str]

    @model_validator(mode="after")
    def _recommends_an_option(self) -> Self:
        if self.recommended > len(self.options):
            raise ValueError("recommended: there is no such option")
        return self
