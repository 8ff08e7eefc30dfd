"""637 real support dialogues through the whole instance, its worker killed three times."""

import json
from pathlib import Path

import pytest
from django.conf import settings

from tests.faults.load import assert_all_reached_an_inbox, ended, ticket, write_lines
from tests.stack import Stack, wait_until

DIALOGUES = settings.BASE_DIR.parent / "shared" / "data" / "twitter_care" / "dialogues.jsonl"

pytestmark = [pytest.mark.soak, pytest.mark.timeout(900)]


@pytest.mark.skipif(not DIALOGUES.exists(), reason="the public dialogues are not on this machine")
def test_every_dialogue_reaches_an_inbox(stack: Stack, tmp_path: Path) -> None:
    dialogues = [json.loads(line) for line in DIALOGUES.read_text(encoding="utf-8").splitlines()]
    rows = [
        ticket("twitter", number, dialogue["message"], queue=dialogue["queue"])
        for number, dialogue in enumerate(dialogues)
    ]
    stack.manage("import_tickets", str(write_lines(tmp_path / "twitter.jsonl", rows)))
    for share in (50, 200, 400):
        wait_until(
            lambda share=share: ended(stack, "twitter") >= share,  # type: ignore[misc]
            f"{share} runs have ended",
            300,
        )
        stack.kill("worker")
        stack.start("worker")
    assert_all_reached_an_inbox(stack, "twitter", len(rows), patience_s=600)
