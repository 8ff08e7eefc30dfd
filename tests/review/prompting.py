"""A prompt of the triage agent on its way: drafted, staged, asked for, approved."""

from django.contrib.auth.models import User
from django.test import Client

from agents.models import Agent, Promotion, PromptVersion
from agents.prompts import prompt
from agents.versions import prompt_in_force
from review import prompt_changes

PAGE = "/prompts/triage/draft/"
FILE = prompt("triage", "draft").text
TEXT = FILE.replace("at most 200 words", "at most 90 words")


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def drafted(by: User, text: str = TEXT) -> PromptVersion:
    before = PromptVersion.objects.filter(environment="draft", is_live=True).first()
    return prompt_changes.save_draft(
        Agent.objects.get(),
        "draft",
        text,
        note="Shorter.",
        by=by,
        based_on=before.pk if before else None,
    )


def staged(by: User, text: str = TEXT) -> PromptVersion:
    return prompt_changes.stage(drafted(by, text), note="Try it.", by=by)


def asked(by: User, text: str = TEXT) -> Promotion:
    return prompt_changes.ask_for_live(staged(by, text), note="It reads well.", by=by)


def approve(promotion: Promotion, by: User) -> PromptVersion:
    seen = prompt_in_force("triage", "draft", "live").short
    return prompt_changes.approve(promotion.pk, by=by, said="Good.", seen_live=seen)


def live_text() -> str:
    return prompt_in_force("triage", "draft", "live").text
