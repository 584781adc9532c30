"""The portal is the one admin site of the project."""

from django.contrib.admin.apps import AdminConfig


class PortalConfig(AdminConfig):
    default_site = "config.site.PortalAdminSite"
