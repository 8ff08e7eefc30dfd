"""How a person likes the console, kept with the person and not with the browser."""

from django.contrib.auth.models import User

from review.models import Preferences


def set_density(user: User, density: str) -> None:
    """Keep the density of the person's lists; one that is not known counts as comfortable."""
    known = density if density in Preferences.Density.values else Preferences.Density.COMFORTABLE
    Preferences.objects.update_or_create(user=user, defaults={"density": known})
