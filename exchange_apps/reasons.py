"""Every reason an event may state, for those who search for one."""

from exchange_apps.domain.denials import DenialReason
from exchange_apps.safe_fetch.errors import FetchErrorCode
from exchange_apps.services.fetch_outcomes import NO_USABLE_KEY

KEY_SETS = (NO_USABLE_KEY, "ca_bundle_unreadable")
SIGN_IN = ("too_many_tries", "wrong_password", "user_inactive", "wrong_code", "wrong_passkey")
WEBHOOKS = ("failures", "gone", "secret_unreadable")
REASONS = frozenset((*map(str, DenialReason), *map(str, FetchErrorCode), *KEY_SETS, *SIGN_IN, *WEBHOOKS))
