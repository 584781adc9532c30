"""The portal: the one admin site."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest


class PortalAdminSite(admin.AdminSite):
    site_title = site_header = "Counterfoil"
    index_title = "Overview"
    site_url = None
    enable_nav_sidebar = False

    def has_permission(self, request: HttpRequest) -> bool:
        """Whoever is signed in may enter; what there is to see is each screen's own decision."""
        return request.user.is_active
