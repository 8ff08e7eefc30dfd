"""Django's admin, on a site of our own."""

from django.contrib.admin.apps import AdminConfig


class AdministrationConfig(AdminConfig):
    """The administration at /admin/, where every change leaves an audit row."""

    default_site = "review.administration.Administration"
