from exchange_apps.models.application import ExchangeApplication
from exchange_apps.models.counters import CacheEntry, DenialTally, RateWindow
from exchange_apps.models.daily_count import DailyCount
from exchange_apps.models.identity_provider import IdentityProvider, ProviderMode
from exchange_apps.models.invitation import INVITATION_LIFETIME, Invitation
from exchange_apps.models.jwks import MOST_URI_CHARACTERS, ApplicationKey, RemoteKeySet, Watermark
from exchange_apps.models.minted_token import MintedToken, UsedAssertion
from exchange_apps.models.organization import Membership, Organization, Role
from exchange_apps.models.saved_search import SavedSearch
from exchange_apps.models.scope import Scope
from exchange_apps.models.trust_decision import KEEP_DECISIONS, MOST_DECISIONS, TrustDecision
from exchange_apps.models.user import User
from exchange_apps.models.webhook import (
    DeliveryKind,
    PauseReason,
    WebhookDeadLetter,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookFormat,
    WebhookProgress,
)

__all__ = [
    "INVITATION_LIFETIME",
    "KEEP_DECISIONS",
    "MOST_DECISIONS",
    "MOST_URI_CHARACTERS",
    "ApplicationKey",
    "CacheEntry",
    "DailyCount",
    "DeliveryKind",
    "DenialTally",
    "ExchangeApplication",
    "IdentityProvider",
    "Invitation",
    "Membership",
    "MintedToken",
    "Organization",
    "PauseReason",
    "ProviderMode",
    "RateWindow",
    "RemoteKeySet",
    "Role",
    "SavedSearch",
    "Scope",
    "TrustDecision",
    "UsedAssertion",
    "User",
    "Watermark",
    "WebhookDeadLetter",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WebhookFormat",
    "WebhookProgress",
]
