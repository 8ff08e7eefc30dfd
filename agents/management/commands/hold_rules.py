"""`manage.py hold_rules AGENT FILE…`: how often each escalation rule would catch a message."""

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from agents import versions
from agents.models import LIVE, Agent, PolicyVersion
from agents.policies import rules_of
from agents.rule_facts import facts_of
from agents.rules import Rule, holds

BODIES = ("body", "text", "message")


class Command(BaseCommand):
    help = (
        "Hold an agent's escalation rules against the messages of JSONL files, nothing else known "
        "of them. A line: {body or text or message, subject?}."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("agent")
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE.jsonl[.gz]")
        parser.add_argument("--show", type=int, default=0, help="So many catches of each rule.")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        agent = Agent.objects.filter(slug=options["agent"]).first()
        if agent is None:
            raise CommandError(f"No agent called {options['agent']} is installed.")
        rules = rules_of(agent, versions.in_force(PolicyVersion, LIVE, agent_id=agent.pk))
        try:
            found = {str(file): counted(rules, file, options["show"]) for file in options["files"]}
        except (OSError, ValueError) as error:
            raise CommandError(f"A file cannot be read: {error}") from error
        if options["json"]:
            self.stdout.write(json.dumps(found, ensure_ascii=False, indent=2))
            return
        for file, counts in found.items():
            self.stdout.write(f"{file}: {counts['messages']:,} messages")
            for rule, caught in counts["caught"].items():
                share = 100 * caught / counts["messages"] if counts["messages"] else 0
                self.stdout.write(f"  {rule:24} {caught:6,} {share:6.2f} %")
                for line in counts["shown"].get(rule, ()):
                    self.stdout.write(f"      {line}")


def counted(rules: tuple[Rule, ...], file: Path, show: int) -> dict[str, Any]:
    """Return how many messages the file has and how many each rule catches, with the first few."""
    caught: Counter[str] = Counter({rule.id: 0 for rule in rules})
    shown: dict[str, list[str]] = {}
    messages = 0
    for conversation in _conversations(file):
        messages += 1
        facts = facts_of(conversation, category="", confidence=None)
        for rule in rules:
            found = holds(rule, facts)
            if found is None:
                continue
            caught[rule.id] += 1
            if len(shown.setdefault(rule.id, [])) < show:
                shown[rule.id].append(f"{found}: {' '.join(facts.text.split())[:160]}")
    return {"messages": messages, "caught": dict(caught), "shown": shown}


def _conversations(file: Path) -> Iterator[dict[str, Any]]:
    data = file.read_bytes()
    if file.suffix == ".gz":
        data = gzip.decompress(data)
    for line in data.decode().splitlines():
        if line.strip():
            row = json.loads(line)
            body = next((row[name] for name in BODIES if row.get(name)), "")
            yield {
                "subject": row.get("subject", ""),
                "customer": {},
                "messages": [{"from": "customer", "body": body}],
            }
