from importlib import import_module

from django.apps import AppConfig
from django.conf import settings


class AgentsConfig(AppConfig):
    name = "agents"

    def ready(self) -> None:
        from agents.tools.http import register_http_tools  # noqa: PLC0415 - needs the apps

        register_http_tools(settings.TOOLS, settings.TOOL_SECRETS)
        for plugin in settings.PLUGINS:
            import_module(plugin)
