"""Every reason to refuse, and the one sentence a caller hears for it.

The reason is for the log and never leaves the organization; the sentence is public. Sentences hold only the characters
RFC 6749 section 5.2 allows. Reasons that arise before the signature is verified share one sentence, so that nobody can
ask the endpoint which clients and keys exist.
"""

from enum import StrEnum


class DenialReason(StrEnum):
    # The request itself
    METHOD_NOT_ALLOWED = "method_not_allowed"
    BODY_TOO_LARGE = "body_too_large"
    NOT_A_FORM = "not_a_form"
    NOT_A_JSON_OBJECT = "not_a_json_object"
    AUTHORIZATION_HEADER = "authorization_header"
    PARAMETER_MISSING = "parameter_missing"
    PARAMETER_REPEATED = "parameter_repeated"
    PARAMETER_MALFORMED = "parameter_malformed"
    GRANT_TYPE_UNSUPPORTED = "grant_type_unsupported"
    FAILURE_LIMIT = "failure_limit"
    # Before the signature is verified: one sentence for all
    ASSERTION_MALFORMED = "assertion_malformed"
    CLIENT_UNKNOWN = "client_unknown"
    KEY_UNKNOWN = "key_unknown"
    SIGNATURE_INVALID = "signature_invalid"
    # The assertion's claims
    ASSERTION_SUBJECT = "assertion_subject"
    ASSERTION_AUDIENCE = "assertion_audience"
    ASSERTION_TIMES_MALFORMED = "assertion_times_malformed"
    ASSERTION_EXPIRED = "assertion_expired"
    ASSERTION_ISSUED_IN_FUTURE = "assertion_issued_in_future"
    ASSERTION_NOT_YET_VALID = "assertion_not_yet_valid"
    ASSERTION_LIFETIME = "assertion_lifetime"
    ASSERTION_JTI_MALFORMED = "assertion_jti_malformed"
    ASSERTION_JTI_MISSING = "assertion_jti_missing"
    ASSERTION_REPLAYED = "assertion_replayed"
    CLIENT_ID_MISMATCH = "client_id_mismatch"
    KEY_SWITCHED_OFF = "key_switched_off"
    # A foreign token, before its signature is verified: one sentence for all
    TOKEN_MALFORMED = "token_malformed"
    PROVIDER_UNKNOWN = "provider_unknown"
    TOKEN_KEY_UNKNOWN = "token_key_unknown"
    TOKEN_SIGNATURE_INVALID = "token_signature_invalid"
    # A foreign token's claims, and what is trusted
    TOKEN_ISSUER = "token_issuer"
    TOKEN_AUDIENCE = "token_audience"
    TOKEN_TIMES_MALFORMED = "token_times_malformed"
    TOKEN_EXPIRED = "token_expired"
    TOKEN_ISSUED_IN_FUTURE = "token_issued_in_future"
    TOKEN_NOT_YET_VALID = "token_not_yet_valid"
    TOKEN_LIFETIME = "token_lifetime"
    TOKEN_JTI_MALFORMED = "token_jti_malformed"
    TOKEN_REPLAYED = "token_replayed"
    PROVIDER_DISABLED = "provider_disabled"
    PROVIDER_ADDRESS = "provider_address"
    PROVIDER_OBSERVES = "provider_observes"
    POLICY_NO_MATCH = "policy_no_match"
    # A token of ours, to be made smaller
    PARENT_INACTIVE = "parent_inactive"
    PARENT_TOO_DEEP = "parent_too_deep"
    # What the application and its organization allow
    APPLICATION_DISABLED = "application_disabled"
    EXCHANGE_DISABLED = "exchange_disabled"
    EXCHANGE_LIMIT = "exchange_limit"
    ADDRESS_NOT_ALLOWED = "address_not_allowed"
    AUDIENCE_INVALID = "audience_invalid"
    # Whom the token would be for
    SUBJECT_UNKNOWN = "subject_unknown"
    SUBJECT_UNVERIFIED = "subject_unverified"
    SUBJECT_NOT_MEMBER = "subject_not_member"
    SUBJECT_SUSPENDED = "subject_suspended"
    # What the token could do
    SCOPE_MALFORMED = "scope_malformed"
    SCOPE_NOT_GRANTABLE = "scope_not_grantable"
    SCOPE_NO_DEFAULT = "scope_no_default"
    # Ourselves
    KEYS_UNAVAILABLE = "keys_unavailable"
    DATABASE_UNAVAILABLE = "database_unavailable"
    INTERNAL_ERROR = "internal_error"


_UNVERIFIED = (
    "Invalid client assertion signature: the assertion is malformed, its client is not known, "
    "or none of the client's keys verifies it"
)
_UNVERIFIED_TOKEN = (
    "The token is not accepted: it is malformed, no identity provider of the organization has its issuer, "
    "or none of the issuer's keys verifies it"
)
_SUBJECT = "Subject user must be an active member of the organization"

PUBLIC_SENTENCES: dict[DenialReason, str] = {
    DenialReason.METHOD_NOT_ALLOWED: "The token endpoint answers only POST",
    DenialReason.BODY_TOO_LARGE: "The request body must not exceed 64 KiB",
    DenialReason.NOT_A_FORM: "The request body must be application/x-www-form-urlencoded, in UTF-8",
    DenialReason.NOT_A_JSON_OBJECT: "The request body must be a JSON object, in UTF-8",
    DenialReason.AUTHORIZATION_HEADER: (
        "The Authorization header must not be sent: the client assertion authenticates the client"
    ),
    DenialReason.PARAMETER_MISSING: "A required parameter is missing",
    DenialReason.PARAMETER_REPEATED: "A parameter must not be repeated",
    DenialReason.PARAMETER_MALFORMED: "A parameter is malformed",
    DenialReason.GRANT_TYPE_UNSUPPORTED: "The grant type is not supported",
    DenialReason.FAILURE_LIMIT: "Too many failed exchanges from this address for this client: wait before the next try",
    DenialReason.ASSERTION_MALFORMED: _UNVERIFIED,
    DenialReason.CLIENT_UNKNOWN: _UNVERIFIED,
    DenialReason.KEY_UNKNOWN: _UNVERIFIED,
    DenialReason.SIGNATURE_INVALID: _UNVERIFIED,
    DenialReason.ASSERTION_SUBJECT: "JWT `sub` claim must equal `iss`, the client id",
    DenialReason.ASSERTION_AUDIENCE: "JWT `aud` claim is invalid",
    DenialReason.ASSERTION_TIMES_MALFORMED: "JWT `iat`, `exp` and `nbf` claims must be integers, in seconds",
    DenialReason.ASSERTION_EXPIRED: "JWT `exp` claim must be in the future",
    DenialReason.ASSERTION_ISSUED_IN_FUTURE: "JWT `iat` claim must not be in the future",
    DenialReason.ASSERTION_NOT_YET_VALID: "JWT `nbf` claim must not be in the future",
    DenialReason.ASSERTION_LIFETIME: "JWT `exp` claim must be later than `iat`, by no more than the app allows",
    DenialReason.ASSERTION_JTI_MALFORMED: "JWT `jti` claim must be a non-empty string of at most 255 bytes",
    DenialReason.ASSERTION_JTI_MISSING: "JWT must contain a `jti` claim",
    DenialReason.ASSERTION_REPLAYED: "JWT has already been used (jti)",
    DenialReason.CLIENT_ID_MISMATCH: "The client_id parameter must equal the assertion's `iss` claim",
    DenialReason.KEY_SWITCHED_OFF: "The key that signed the assertion is switched off in the portal",
    DenialReason.TOKEN_MALFORMED: _UNVERIFIED_TOKEN,
    DenialReason.PROVIDER_UNKNOWN: _UNVERIFIED_TOKEN,
    DenialReason.TOKEN_KEY_UNKNOWN: _UNVERIFIED_TOKEN,
    DenialReason.TOKEN_SIGNATURE_INVALID: _UNVERIFIED_TOKEN,
    DenialReason.TOKEN_ISSUER: "The token's `iss` claim is not the identity provider's issuer",
    DenialReason.TOKEN_AUDIENCE: "The token's `aud` claim meets none of the identity provider's audiences",
    DenialReason.TOKEN_TIMES_MALFORMED: "The token's `exp`, `iat` and `nbf` claims must be numbers, and `exp` present",
    DenialReason.TOKEN_EXPIRED: "The token's `exp` claim must be in the future",
    DenialReason.TOKEN_ISSUED_IN_FUTURE: "The token's `iat` claim must not be in the future",
    DenialReason.TOKEN_NOT_YET_VALID: "The token's `nbf` claim must not be in the future",
    DenialReason.TOKEN_LIFETIME: "The token must not be valid for longer than 24 hours",
    DenialReason.TOKEN_JTI_MALFORMED: "The token's `jti` claim must be a non-empty string of at most 255 bytes",
    DenialReason.TOKEN_REPLAYED: "The token has already been used (jti)",
    DenialReason.PROVIDER_DISABLED: "The identity provider is disabled",
    DenialReason.PROVIDER_ADDRESS: (
        "The caller's address is outside the identity provider's allowed IPs for exchange requests"
    ),
    DenialReason.PROVIDER_OBSERVES: (
        "The identity provider only observes: the token would have been accepted, but none is minted"
    ),
    DenialReason.POLICY_NO_MATCH: "No statement of the trust policy accepts the token",
    DenialReason.PARENT_INACTIVE: "The subject token is not active, or not from an address it is allowed for",
    DenialReason.PARENT_TOO_DEEP: "The subject token was made smaller too often already",
    DenialReason.APPLICATION_DISABLED: "The token exchange app is disabled",
    DenialReason.EXCHANGE_DISABLED: "Token exchange is not enabled for this organization",
    DenialReason.EXCHANGE_LIMIT: (
        "The organization's limit of exchanges per minute is reached: wait before the next try"
    ),
    DenialReason.ADDRESS_NOT_ALLOWED: "The caller's address is outside the app's allowed IPs for exchange requests",
    DenialReason.AUDIENCE_INVALID: "Invalid audience organization",
    DenialReason.SUBJECT_UNKNOWN: _SUBJECT,
    DenialReason.SUBJECT_UNVERIFIED: _SUBJECT,
    DenialReason.SUBJECT_NOT_MEMBER: _SUBJECT,
    DenialReason.SUBJECT_SUSPENDED: _SUBJECT,
    DenialReason.SCOPE_MALFORMED: "The scope parameter must be scope names separated by spaces",
    DenialReason.SCOPE_NOT_GRANTABLE: "Requested scopes exceed grantable scopes",
    DenialReason.SCOPE_NO_DEFAULT: "The scope parameter is required: the app has no default scopes",
    DenialReason.KEYS_UNAVAILABLE: "The keys of this client cannot be fetched right now: try again shortly",
    DenialReason.DATABASE_UNAVAILABLE: "The service cannot store the exchange right now: try again shortly",
    DenialReason.INTERNAL_ERROR: "The service failed to answer the request",
}

UNVERIFIED_REASONS = frozenset(
    reason for reason, sentence in PUBLIC_SENTENCES.items() if sentence in (_UNVERIFIED, _UNVERIFIED_TOKEN)
)
"""Reasons that arise while the caller is still a stranger."""
