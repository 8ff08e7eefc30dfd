"""The form a model's answer is asked for in, and the answer read from it. Pure."""

import json
import re
from collections.abc import Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from agents import errors

AnswerT = TypeVar("AnswerT", bound=BaseModel)

# What every provider's strict mode takes. Bounds and patterns are left to our own validation.
KEPT = {"type", "properties", "items", "enum", "const", "anyOf", "description"}
# Endpoints without a schema mode wrap their JSON like this.
FENCED = re.compile(r"```(?:json)?\s*\n(.*)\n\s*```", re.DOTALL)

# Of what is wrong with an answer, a model is told so much.
MOST_COMPLAINTS = 10


def response_format(form: type[BaseModel]) -> dict[str, Any]:
    """Return the request parameter that asks for the form, in strict mode."""
    return {
        "type": "json_schema",
        "json_schema": {"name": form.__name__, "strict": True, "schema": schema_of(form)},
    }


def in_words(form: type[BaseModel]) -> str:
    """Return what a prompt says of the form, for endpoints that take no schema."""
    schema = json.dumps(schema_of(form) | {"title": form.__name__})
    return f"Answer with one JSON object of this JSON schema, and nothing else:\n{schema}"


def schema_of(form: type[BaseModel]) -> dict[str, Any]:
    """Return the form's JSON schema as strict modes want it.

    Every property is required, no object takes others, and references are written out: litellm
    breaks them on the way to some providers.
    """
    schema = form.model_json_schema()
    return _strict(schema, schema.get("$defs", {}))


def read_answer(response: Any, form: type[AnswerT], model: str) -> AnswerT:
    """Return the validated answer. Raises Refused, SchemaInvalid, or ModelError for none at all."""
    if not getattr(response, "choices", None):
        raise errors.ModelError(f"{model} gave an empty answer.")
    choice = response.choices[0]
    extra = getattr(choice.message, "provider_specific_fields", None) or {}
    if extra.get("refusal") or choice.finish_reason == "content_filter":
        raise errors.Refused(f"{model} declined to answer.")
    # PostgreSQL's text holds no NUL, and no answer needs one.
    text = (choice.message.content or "").replace("\\u0000", "").strip()
    fenced = FENCED.fullmatch(text)
    try:
        return form.model_validate_json(fenced[1] if fenced else text)
    except ValidationError as error:
        if choice.finish_reason == "length":
            raise errors.SchemaInvalid(
                f"{model} reached its limit of tokens before its answer was complete.",
                advice="Raise the tier's token limit.",
            ) from None
        raise _misfit(error, form, model, text) from None


def repair_of(
    question: Sequence[dict[str, str]], error: errors.SchemaInvalid
) -> list[dict[str, str]]:
    """Return the question again, with the answer that did not fit and what is wrong with it."""
    said = [{"role": "assistant", "content": error.answer}] if error.answer else []
    return [
        *question,
        *said,
        {
            "role": "user",
            "content": "That answer does not have the asked form:\n"
            f"{error.complaint}\n"
            "Answer again, with one JSON object of the asked form and nothing else.",
        },
    ]


def _misfit(
    error: ValidationError, form: type[BaseModel], model: str, text: str
) -> errors.SchemaInvalid:
    # Only where and what kind: the text itself may be personal and stays out of logs.
    first = error.errors(include_input=False, include_url=False)[0]
    # The name of a property that nobody asked for is the model's own text.
    named = first["loc"][:-1] if first["type"] == "extra_forbidden" else first["loc"]
    where = ".".join(str(part) for part in named) or "answer"
    misfit = errors.SchemaInvalid(
        f"{model} gave an answer that does not fit {form.__name__}: {where} is {first['type']}."
    )
    misfit.answer = text
    misfit.complaint = "\n".join(
        f"- {'.'.join(map(str, wrong['loc'])) or 'the answer'}: {wrong['msg']}"
        for wrong in error.errors(include_input=False, include_url=False)[:MOST_COMPLAINTS]
    )
    return misfit


def _strict(schema: dict[str, Any], shared: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        return _strict(shared[schema["$ref"].rpartition("/")[2]], shared)
    kept = {name: value for name, value in schema.items() if name in KEPT}
    if "items" in kept:
        kept["items"] = _strict(kept["items"], shared)
    if "anyOf" in kept:
        kept["anyOf"] = [_strict(choice, shared) for choice in kept["anyOf"]]
    if "properties" in kept:
        kept["properties"] = {
            name: _strict(value, shared) for name, value in kept["properties"].items()
        }
        kept |= {"required": list(kept["properties"]), "additionalProperties": False}
    return kept
