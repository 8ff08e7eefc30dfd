from django.apps import AppConfig


class ShopConfig(AppConfig):
    name = "review.demo.shop"
    label = "shop"
    verbose_name = "Demo shop"

    def ready(self) -> None:
        from review.demo.shop import tools  # noqa: PLC0415 - needs the apps

        tools.register_tools()
