"""Configuration as code: the file of `manage.py apply`.

`document` reads it, `validation` holds it against `schema`, `clashes` finds what contradicts itself, and `apply`
brings scopes, organizations, members and apps in step through the same services as the portal.
"""

from exchange_apps.domain.problems import Problem
from exchange_apps.services.configuration.apply import apply_configuration
from exchange_apps.services.configuration.outcome import Outcome
from exchange_apps.services.configuration.refused import ConfigurationRefused
from exchange_apps.services.configuration.schema import configuration_schema

__all__ = ["ConfigurationRefused", "Outcome", "Problem", "apply_configuration", "configuration_schema"]
