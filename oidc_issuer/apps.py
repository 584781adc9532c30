from django.apps import AppConfig


class OidcIssuerConfig(AppConfig):
    name = "oidc_issuer"
    verbose_name = "Issuer"
