from django.apps import AppConfig


class EvalsConfig(AppConfig):
    name = "agents.evals"
    label = "evals"
