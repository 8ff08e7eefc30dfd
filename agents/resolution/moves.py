"""The form of one step: a call of one of the tools, or the reply. Made for the tools at hand.

Structured output, not a provider's own tool calling: one way for every model and endpoint, the
embedded one included (docs/decisions/0034). Strict modes know fewer keywords than a tool's schema
uses, so a model is asked in the plain form, where every argument is there and an optional one may
be null; the answer is then held against the tool's own schema, and what does not fit is an answer
of the wrong form, which the gateway has repaired once.
"""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, WithJsonSchema, create_model
from pydantic_core import PydanticCustomError

from agents.tools.registry import Tool
from agents.triage.schemas import Answer

NAME = "Move"
END = ("reply", "articles", "no_draft_reason")
_TEXT = {"type": "string"}
_END_SCHEMA = {
    "type": "object",
    "properties": {
        "reply": {**_TEXT, "description": "The whole text to send, or empty."},
        "articles": {"type": "array", "items": _TEXT},
        "no_draft_reason": {**_TEXT, "description": "Empty, or why there is no reply."},
    },
}


def form_for(tools: Mapping[str, Tool]) -> type[BaseModel]:
    """Return the form of a step with these tools. Its answer: {"move": a call or the end}."""
    calls = [_call_schema(tool) for tool in tools.values()]
    move = Annotated[
        dict[str, Any],
        AfterValidator(lambda said: _checked(said, tools)),
        WithJsonSchema({"anyOf": [*calls, _END_SCHEMA]}),
    ]
    form: type[BaseModel] = create_model(NAME, __base__=Answer, move=(move, ...))
    return form


def is_call(move: Mapping[str, Any]) -> bool:
    """Return whether the step is a call of a tool, and not the end."""
    return "tool" in move


def _call_schema(tool: Tool) -> dict[str, Any]:
    return {
        "type": "object",
        "description": tool.description,
        "properties": {
            "tool": {"type": "string", "const": tool.name},
            "why": {**_TEXT, "description": "One sentence for the colleague who decides."},
            "arguments": _plain(tool.schema),
        },
    }


def _plain(schema: Any) -> Any:
    """Return the schema with its optional properties nullable: strict modes ask for every one."""
    if not isinstance(schema, Mapping) or "properties" not in schema:
        return schema
    required = schema.get("required", ())
    return {
        **schema,
        "properties": {
            name: _plain(one) if name in required else {"anyOf": [_plain(one), {"type": "null"}]}
            for name, one in schema["properties"].items()
        },
    }


def _checked(said: dict[str, Any], tools: Mapping[str, Tool]) -> dict[str, Any]:
    """Return the step, its arguments as the tool takes them. Raises what a validation may."""
    if not is_call(said):
        if sorted(said) != sorted(END):
            raise PydanticCustomError("no_such_step", "a step is a call of a tool, or the reply")
        _must_be(isinstance(said["reply"], str), "reply")
        _must_be(isinstance(said["no_draft_reason"], str), "no_draft_reason")
        articles = said["articles"]
        is_list = isinstance(articles, list) and all(isinstance(one, str) for one in articles)
        _must_be(is_list, "articles")
        return said
    tool = tools.get(str(said["tool"]))
    if tool is None:
        raise PydanticCustomError("no_such_tool", "there is no tool of this name")
    _must_be(isinstance(said.get("arguments"), dict), "arguments")
    why = said.get("why", "")
    _must_be(isinstance(why, str), "why")
    arguments = _without_nulls(said["arguments"], tool.schema)
    if misfit := tool.misfit_of(arguments):
        # Only where, and by which rule: the value itself may be personal and stays out of logs.
        raise PydanticCustomError(
            "unfit_arguments",
            "{tool}: {where} breaks the rule {rule}",
            {"tool": tool.name, "where": misfit.where, "rule": misfit.rule},
        )
    return {"tool": tool.name, "why": why, "arguments": arguments}


def _must_be(is_so: bool, what: str) -> None:
    if not is_so:
        raise PydanticCustomError("wrong_type", "{what} has the wrong type", {"what": what})


def _without_nulls(value: Any, schema: Any) -> Any:
    """Return the arguments without the optional ones that were left out by saying null."""
    if not isinstance(value, dict) or not isinstance(schema, Mapping):
        return value
    known, required = schema.get("properties") or {}, schema.get("required", ())
    return {
        name: _without_nulls(one, known.get(name))
        for name, one in value.items()
        if one is not None or name in required or name not in known
    }
