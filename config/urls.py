"""Machines' addresses first, then the REST API, then the portal, which takes everything else."""

from django.urls import include, path, re_path
from django.views.generic import RedirectView

from config.machine_endpoints import unknown_address

urlpatterns = [
    path("", include("config.machine_urls")),
    path("favicon.ico", RedirectView.as_view(url="/static/portal/icon.svg")),
    path("", include("exchange_apps.api.urls")),
    path("", include("oidc_issuer.api_urls")),
    re_path(r"^v[23]/", unknown_address),
    path("", include("config.portal_urls")),
]
