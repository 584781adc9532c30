from exchange_apps.models.application import ExchangeApplication
from exchange_apps.models.counters import DenialTally, RateWindow
from exchange_apps.models.minted_token import MintedToken, UsedAssertion
from exchange_apps.models.organization import Membership, Organization, Role
from exchange_apps.models.scope import Scope
from exchange_apps.models.user import User

__all__ = [
    "DenialTally",
    "ExchangeApplication",
    "Membership",
    "MintedToken",
    "Organization",
    "RateWindow",
    "Role",
    "Scope",
    "UsedAssertion",
    "User",
]
