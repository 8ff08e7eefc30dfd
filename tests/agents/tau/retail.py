"""The retail world of tau-bench (MIT): its tools over its database, and what its policy allows.

Only the adapter is ours; the world is read from the public data. The database is a dict in memory:
products, users, orders. Each tool checks what the policy asks before it changes anything.
"""

import ast
import operator
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from agents.errors import ToolFailed
from agents.tools.registry import Effect, Tool, ToolContext

Record = dict[str, Any]
ADDRESS = ("address1", "address2", "city", "state", "country", "zip")
REASONS = ("no longer needed", "ordered by mistake")
OPERATORS: dict[type[ast.AST], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
TEXT = {"type": "string"}
TEXTS = {"type": "array", "items": TEXT}


@dataclass
class Retail:
    """The world. keys: answers already given, by idempotency key."""

    db: dict[str, dict[str, Record]]
    keys: dict[str, Any]

    @classmethod
    def fresh(cls, db: dict[str, dict[str, Record]]) -> "Retail":
        """Return a world of its own."""
        return cls(db=deepcopy(db), keys={})

    def tools(self) -> list[Tool]:
        """Return the world's tools for an agent."""
        return [self._tool(name) for name in READS | WRITES]

    def do(self, name: str, arguments: Mapping[str, Any]) -> Any:
        """Return what the tool gives. Raises ToolFailed where the policy forbids it."""
        return getattr(self, f"do_{name}")(**arguments)

    def _tool(self, name: str) -> Tool:
        properties = READS.get(name) or WRITES[name][1]
        effect: Effect = WRITES[name][0] if name in WRITES else "read"

        def call(arguments: Mapping[str, Any], context: ToolContext) -> Any:
            if effect == "read":
                return self.do(name, arguments)
            if context.key not in self.keys:
                self.keys[context.key] = self.do(name, arguments)
            return self.keys[context.key]

        return Tool(
            name=name,
            description=f"{name} of the retail firm.",
            schema={
                "type": "object",
                "properties": properties,
                "required": list(properties),
                "additionalProperties": False,
            },
            effect=effect,
            call=call,
            takes_key=effect != "read",
            is_local=True,
        )

    # What only reads

    def do_find_user_id_by_name_zip(self, first_name: str, last_name: str, zip: str) -> str:  # noqa: A002
        for user_id, user in self.db["users"].items():
            name = user["name"]
            if (
                name["first_name"].lower() == first_name.lower()
                and name["last_name"].lower() == last_name.lower()
                and user["address"]["zip"] == zip
            ):
                return user_id
        raise ToolFailed("There is no such user.")

    def do_find_user_id_by_email(self, email: str) -> str:
        for user_id, user in self.db["users"].items():
            if user["email"].lower() == email.lower():
                return user_id
        raise ToolFailed("There is no such user.")

    def do_get_user_details(self, user_id: str) -> Record:
        return self._of("users", user_id)

    def do_get_order_details(self, order_id: str) -> Record:
        return self._of("orders", order_id)

    def do_get_product_details(self, product_id: str) -> Record:
        return self._of("products", product_id)

    def do_get_item_details(self, item_id: str) -> Record:
        return self._variant(item_id)

    def do_calculate(self, expression: str) -> str:
        return str(round(_value(ast.parse(expression, mode="eval").body), 2))

    # What changes something

    def do_transfer_to_human_agents(self, summary: str) -> str:
        return "Transfer successful"

    def do_cancel_pending_order(self, order_id: str, reason: str) -> Record:
        order = self._in_state(order_id, "pending")
        if reason not in REASONS:
            raise ToolFailed("That is no reason for a cancellation.")
        user = self._of("users", order["user_id"])
        for payment in [*order["payment_history"]]:
            self._refund(order, user, payment["payment_method_id"], payment["amount"])
        order |= {"status": "cancelled", "cancel_reason": reason}
        return order

    def do_return_delivered_order_items(
        self, order_id: str, item_ids: list[str], payment_method_id: str
    ) -> Record:
        order = self._in_state(order_id, "delivered")
        method = self._method(order, payment_method_id)
        paid_by = order["payment_history"][0]["payment_method_id"]
        if method["source"] != "gift_card" and payment_method_id != paid_by:
            raise ToolFailed("A refund goes to the original payment method or to a gift card.")
        self._require_items(order, item_ids)
        order |= {
            "status": "return requested",
            "return_items": sorted(item_ids),
            "return_payment_method_id": payment_method_id,
        }
        return order

    def do_exchange_delivered_order_items(
        self, order_id: str, item_ids: list[str], new_item_ids: list[str], payment_method_id: str
    ) -> Record:
        order = self._in_state(order_id, "delivered")
        difference, _ = self._exchange(order, item_ids, new_item_ids, payment_method_id)
        order |= {
            "status": "exchange requested",
            "exchange_items": sorted(item_ids),
            "exchange_new_items": sorted(new_item_ids),
            "exchange_payment_method_id": payment_method_id,
            "exchange_price_difference": difference,
        }
        return order

    def do_modify_pending_order_items(
        self, order_id: str, item_ids: list[str], new_item_ids: list[str], payment_method_id: str
    ) -> Record:
        order = self._in_state(order_id, "pending")
        difference, pairs = self._exchange(order, item_ids, new_item_ids, payment_method_id)
        order["payment_history"].append(
            {
                "transaction_type": "payment" if difference > 0 else "refund",
                "amount": abs(difference),
                "payment_method_id": payment_method_id,
            }
        )
        self._charge(order, payment_method_id, difference)
        for item, variant in pairs:
            item |= {name: variant[name] for name in ("item_id", "price", "options")}
        order["status"] = "pending (item modified)"
        return order

    def do_modify_pending_order_address(self, order_id: str, **address: str) -> Record:
        order = self._of("orders", order_id)
        if "pending" not in order["status"]:
            raise ToolFailed("The order is not pending.")
        order["address"] = {name: address[name] for name in ADDRESS}
        return order

    def do_modify_pending_order_payment(self, order_id: str, payment_method_id: str) -> Record:
        order = self._in_state(order_id, "pending")
        (paid,) = order["payment_history"]
        if paid["payment_method_id"] == payment_method_id:
            raise ToolFailed("The new payment method is the old one.")
        self._charge(order, payment_method_id, paid["amount"])
        user = self._of("users", order["user_id"])
        order["payment_history"].append({**paid, "payment_method_id": payment_method_id})
        self._refund(order, user, paid["payment_method_id"], paid["amount"])
        return order

    def do_modify_user_address(self, user_id: str, **address: str) -> Record:
        user = self._of("users", user_id)
        user["address"] = {name: address[name] for name in ADDRESS}
        return user

    # What they share

    def _of(self, table: str, key: str) -> Record:
        found = self.db[table].get(key)
        if found is None:
            raise ToolFailed(f"There is no such thing in {table}.")
        return found

    def _in_state(self, order_id: str, status: str) -> Record:
        order = self._of("orders", order_id)
        if order["status"] != status:
            raise ToolFailed(f"The order is not {status}.")
        return order

    def _variant(self, item_id: str) -> Record:
        for product in self.db["products"].values():
            if item_id in product["variants"]:
                variant: Record = product["variants"][item_id]
                return variant
        raise ToolFailed("There is no such item.")

    def _method(self, order: Record, payment_method_id: str) -> Record:
        methods = self._of("users", order["user_id"])["payment_methods"]
        if payment_method_id not in methods:
            raise ToolFailed("The customer has no such payment method.")
        method: Record = methods[payment_method_id]
        return method

    def _require_items(self, order: Record, item_ids: list[str]) -> None:
        had = [item["item_id"] for item in order["items"]]
        if any(item_ids.count(one) > had.count(one) for one in item_ids):
            raise ToolFailed("The order does not have these items.")

    def _exchange(
        self, order: Record, item_ids: list[str], new_item_ids: list[str], payment_method_id: str
    ) -> tuple[float, list[tuple[Record, Record]]]:
        """Return the difference in price, and the items with what takes their place."""
        self._require_items(order, item_ids)
        if len(item_ids) != len(new_item_ids):
            raise ToolFailed("As many items come as go.")
        pairs, difference = [], 0.0
        for old, new in zip(item_ids, new_item_ids, strict=True):
            item = next(item for item in order["items"] if item["item_id"] == old)
            variant = self.db["products"][item["product_id"]]["variants"].get(new)
            if variant is None or not variant["available"]:
                raise ToolFailed("The new item is not of the same product, or not available.")
            pairs.append((item, variant))
            difference += variant["price"] - item["price"]
        difference = round(difference, 2)
        method = self._method(order, payment_method_id)
        if method["source"] == "gift_card" and method["balance"] < difference:
            raise ToolFailed("The gift card does not cover the difference.")
        return difference, pairs

    def _charge(self, order: Record, payment_method_id: str, amount: float) -> None:
        method = self._method(order, payment_method_id)
        if method["source"] != "gift_card":
            return
        if method["balance"] < amount:
            raise ToolFailed("The gift card does not cover it.")
        method["balance"] = round(method["balance"] - amount, 2)

    def _refund(self, order: Record, user: Record, payment_method_id: str, amount: float) -> None:
        method = user["payment_methods"].get(payment_method_id, {})
        if method.get("source") == "gift_card":
            method["balance"] = round(method["balance"] + amount, 2)
        order["payment_history"].append(
            {
                "transaction_type": "refund",
                "amount": amount,
                "payment_method_id": payment_method_id,
            }
        )


def _value(node: ast.AST) -> float:
    """Return the value of plain arithmetic, and of nothing else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return float(node.value)
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
        return OPERATORS[type(node.op)](_value(node.left), _value(node.right))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_value(node.operand)
    raise ToolFailed("That is no arithmetic.")


_ORDER = {"order_id": TEXT}
_PLACE = dict.fromkeys(ADDRESS, TEXT)
_EXCHANGE = {**_ORDER, "item_ids": TEXTS, "new_item_ids": TEXTS, "payment_method_id": TEXT}
READS: dict[str, dict[str, Any]] = {
    "find_user_id_by_name_zip": {"first_name": TEXT, "last_name": TEXT, "zip": TEXT},
    "find_user_id_by_email": {"email": TEXT},
    "get_user_details": {"user_id": TEXT},
    "get_order_details": _ORDER,
    "get_product_details": {"product_id": TEXT},
    "get_item_details": {"item_id": TEXT},
    "calculate": {"expression": TEXT},
    "transfer_to_human_agents": {"summary": TEXT},
}
WRITES: dict[str, tuple[Effect, dict[str, Any]]] = {
    "cancel_pending_order": ("irreversible", {**_ORDER, "reason": TEXT}),
    "return_delivered_order_items": (
        "irreversible",
        {**_ORDER, "item_ids": TEXTS, "payment_method_id": TEXT},
    ),
    "exchange_delivered_order_items": ("irreversible", _EXCHANGE),
    "modify_pending_order_items": ("irreversible", _EXCHANGE),
    "modify_pending_order_address": ("write", {**_ORDER, **_PLACE}),
    "modify_pending_order_payment": ("write", {**_ORDER, "payment_method_id": TEXT}),
    "modify_user_address": ("write", {"user_id": TEXT, **_PLACE}),
}
