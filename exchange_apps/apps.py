from django.apps import AppConfig


class ExchangeAppsConfig(AppConfig):
    name = "exchange_apps"
    verbose_name = "Token exchange"
