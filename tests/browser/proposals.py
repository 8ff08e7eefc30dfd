"""What agents of somebody's own ask people by the API."""

import json
import urllib.request
from typing import Any

from tests.stack import Stack

REFUND = {
    "kind": "tool_call",
    "name": "refund_order",
    "description": "Both bags came back.",
    "arguments": {"order": "HC-7", "amount": 37.5},
    "schema": {
        "type": "object",
        "required": ["order", "amount"],
        "properties": {
            "order": {"type": "string"},
            "amount": {"type": "number", "minimum": 0, "maximum": 200},
        },
    },
    "effect": "irreversible",
    "allows": ["approve", "edit", "reject"],
}
QUESTION = {
    "kind": "decision",
    "question": "Which carrier?",
    "schema": {"enum": ["dhl", "ups"]},
    "suggested": "dhl",
    "allows": ["approve", "edit", "reject", "respond"],
}


class Client:
    """An agent that asks by the API."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        printed = stack.manage("create_token", "agent of the tests", "--scope", "submit")
        self.token = printed.strip().splitlines()[-1]

    def call(self, path: str, body: Any = None) -> Any:
        request = urllib.request.Request(
            f"{self.stack.url}/api/v1{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Authorization": f"Bearer {self.token}",
                "Content-Type": "application/json",
            },
        )
        with urllib.request.urlopen(request, timeout=20) as response:
            return json.loads(response.read())

    def item(self, name: str, *actions: Any, **options: Any) -> int:
        """Return an item that waits, of a ticket of its own."""
        ticket = self.call(
            "/tickets",
            {
                "external_id": f"verdicts-{name}",
                "subject": f"Torn bags {name}",
                "body": "Two bags came torn.",
                "customer": {"email": "mia@example.org"},
                "queue": "billing",
            },
        )["id"]
        body = {"actions": actions, "queue": "billing", **options}
        return int(self.call(f"/tickets/{ticket}/proposals", body)["id"])
