from django.apps import AppConfig

from audit.search.vocabulary import register_reasons


class ExchangeAppsConfig(AppConfig):
    name = "exchange_apps"
    verbose_name = "Token exchange"

    def ready(self) -> None:
        from exchange_apps.reasons import REASONS
        from exchange_apps.sign_in.authenticator_events import connect

        connect()
        register_reasons(REASONS)
