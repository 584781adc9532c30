"""Machines' addresses first, then the portal, which takes everything else."""

from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path("", include("config.machine_urls")),
    path("favicon.ico", RedirectView.as_view(url="/static/portal/icon.svg")),
    path("", include("config.portal_urls")),
]
