"""Every address that machines call. None of them sees a cookie."""

from django.urls import include, path

from config import health

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("", include("exchange_apps.oauth.urls")),
    path("", include("oidc_issuer.urls")),
]
