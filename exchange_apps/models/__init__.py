from exchange_apps.models.application import ExchangeApplication
from exchange_apps.models.counters import DenialTally, RateWindow
from exchange_apps.models.jwks import MOST_URI_CHARACTERS, ApplicationKey, RemoteKeySet, Watermark
from exchange_apps.models.minted_token import MintedToken, UsedAssertion
from exchange_apps.models.organization import Membership, Organization, Role
from exchange_apps.models.scope import Scope
from exchange_apps.models.user import User

__all__ = [
    "MOST_URI_CHARACTERS",
    "ApplicationKey",
    "DenialTally",
    "ExchangeApplication",
    "Membership",
    "MintedToken",
    "Organization",
    "RateWindow",
    "RemoteKeySet",
    "Role",
    "Scope",
    "UsedAssertion",
    "User",
    "Watermark",
]
