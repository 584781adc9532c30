"""For every reason to refuse: what it means, how it is mended, and where. The portal and the documentation say this.

For the people who look after an organization; a caller hears only `denials.PUBLIC_SENTENCES`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from exchange_apps.domain.denials import DenialReason
from exchange_apps.domain.translatable import gettext_noop as _


class Place(StrEnum):
    """Where in the portal something can be mended."""

    APP = "app"
    APP_KEYS = "app_keys"
    APP_SCOPES = "app_scopes"
    APP_NETWORKS = "app_networks"
    APP_LIFETIMES = "app_lifetimes"
    PROVIDER = "provider"
    ORGANIZATION = "organization"
    MEMBERS = "members"


@dataclass(frozen=True, slots=True)
class Advice:
    meaning: str
    mend: str
    place: Place | None = None


ADVICE: dict[DenialReason, Advice] = {
    DenialReason.METHOD_NOT_ALLOWED: Advice(
        _("The request was a GET or another method."), _("Send it with POST, the parameters in the body.")
    ),
    DenialReason.BODY_TOO_LARGE: Advice(
        _("The body is larger than any exchange needs."), _("Send nothing but the parameters of the exchange.")
    ),
    DenialReason.NOT_A_FORM: Advice(
        _("The body is not a form, for example JSON."),
        _("Send the parameters as application/x-www-form-urlencoded; with curl use --data-urlencode."),
    ),
    DenialReason.NOT_A_JSON_OBJECT: Advice(
        _("This address takes JSON, and the body is none."),
        _("Send an object with provider_id and web_identity_token, or a form to /oauth/token."),
    ),
    DenialReason.AUTHORIZATION_HEADER: Advice(
        _("The request carries a second way to authenticate."),
        _("Leave out the Authorization header; many OAuth libraries have a switch for it."),
    ),
    DenialReason.PARAMETER_MISSING: Advice(
        _("A required parameter is absent or empty."), _("Add the parameter; an unset variable often sends it empty.")
    ),
    DenialReason.PARAMETER_REPEATED: Advice(_("A parameter came twice."), _("Send each parameter once.")),
    DenialReason.PARAMETER_MALFORMED: Advice(
        _("A parameter has a value that cannot be meant."), _("Compare it with what is expected.")
    ),
    DenialReason.GRANT_TYPE_UNSUPPORTED: Advice(
        _("Another OAuth flow was asked for."), _("Set grant_type to the token exchange URN, as in the ready call.")
    ),
    DenialReason.FAILURE_LIMIT: Advice(
        _("This address failed so often for this client that good requests wait, too."),
        _("Wait a minute. Look at the refusals before this one, and stop the retries of the failing job."),
    ),
    DenialReason.ASSERTION_MALFORMED: Advice(
        _("The assertion cannot be read as a JWT signed with RS256 or ES256."),
        _("Paste it into a dry run: it shows what is wrong. Most often it was cut, quoted, or padded on its way."),
    ),
    DenialReason.CLIENT_UNKNOWN: Advice(
        _("The assertion's iss is no client id of an app."), _("Set iss and sub to the app's client id."), Place.APP
    ),
    DenialReason.KEY_UNKNOWN: Advice(
        _("The app has no key with the kid and the algorithm in the assertion's header."),
        _("Sign with a key of the app, or add its public half. For a JWKS URI, publish it and fetch the set."),
        Place.APP_KEYS,
    ),
    DenialReason.SIGNATURE_INVALID: Advice(
        _("The assertion names a key of the app but was signed with another one, or changed afterwards."),
        _("Compare the public half of the signer's key with the app's, and send the assertion unchanged."),
        Place.APP_KEYS,
    ),
    DenialReason.ASSERTION_SUBJECT: Advice(
        _("sub is not the client id. The user belongs into subject_token, not into the assertion."),
        _("Set sub to the same client id as iss."),
    ),
    DenialReason.ASSERTION_AUDIENCE: Advice(
        _("The assertion was made for somebody else."),
        _("Set aud to exactly one of the expected addresses. The organization goes into the audience parameter."),
    ),
    DenialReason.ASSERTION_TIMES_MALFORMED: Advice(
        _("A time is missing or no whole number."), _("Write iat and exp as whole seconds since 1970, unquoted.")
    ),
    DenialReason.ASSERTION_EXPIRED: Advice(
        _("The assertion was good once and is over."),
        _("Sign a new one for each exchange, with the signer's clock synchronized."),
    ),
    DenialReason.ASSERTION_ISSUED_IN_FUTURE: Advice(
        _("The signer's clock is ahead of this server's."), _("Synchronize the signer's clock; iat is seconds in UTC.")
    ),
    DenialReason.ASSERTION_NOT_YET_VALID: Advice(
        _("nbf lies in the future."), _("Leave nbf out, or set it to the time of signing.")
    ),
    DenialReason.ASSERTION_LIFETIME: Advice(
        _("The time between iat and exp is longer than the app allows, or negative."),
        _("Let exp be nearer to iat, or raise the app's maximum assertion lifetime."),
        Place.APP_LIFETIMES,
    ),
    DenialReason.ASSERTION_JTI_MALFORMED: Advice(
        _("jti is no text, empty, or too long."), _("Use a fresh UUID as jti for each assertion.")
    ),
    DenialReason.ASSERTION_JTI_MISSING: Advice(
        _("The organization requires assertions that can be used only once."),
        _("Add a jti, a fresh UUID for each assertion, or stop requiring it."),
        Place.ORGANIZATION,
    ),
    DenialReason.ASSERTION_REPLAYED: Advice(
        _("An assertion with this jti bought a token already."),
        _(
            "Sign a new assertion for each exchange, also for retries after a success. If it was not you, switch the "
            "key off."
        ),
        Place.APP_KEYS,
    ),
    DenialReason.CLIENT_ID_MISMATCH: Advice(
        _("client_id names another app than the assertion."), _("Leave client_id out, or set it to the same as iss.")
    ),
    DenialReason.KEY_SWITCHED_OFF: Advice(
        _("Somebody switched this key off, usually because it leaked."),
        _("Sign with another key. Switch this one on again only if you know why it was off."),
        Place.APP_KEYS,
    ),
    DenialReason.TOKEN_MALFORMED: Advice(
        _("The token cannot be read as a JWT signed with RS256 or ES256."),
        _("Paste it into a dry run: it shows what is wrong. Most often the CI system cut or masked it."),
    ),
    DenialReason.PROVIDER_UNKNOWN: Advice(
        _("No enabled identity provider has the token's iss, or client_id is none's UUID."),
        _("Compare iss with the provider's issuer, letter by letter, and client_id with its UUID."),
    ),
    DenialReason.TOKEN_KEY_UNKNOWN: Advice(
        _("The issuer publishes no key with the kid and the algorithm in the token's header."),
        _("If the issuer has just changed its keys, try again in a minute; otherwise compare the issuer's address."),
        Place.PROVIDER,
    ),
    DenialReason.TOKEN_SIGNATURE_INVALID: Advice(
        _("The token names a key of the issuer but was signed with another one, or changed afterwards."),
        _("Send the token exactly as the CI system gave it. If it was forged, there is nothing to mend."),
    ),
    DenialReason.TOKEN_ISSUER: Advice(
        _("The token is from another issuer than this provider's."),
        _("Name the provider that has the token's iss in client_id, or leave client_id out and send audience."),
        Place.PROVIDER,
    ),
    DenialReason.TOKEN_AUDIENCE: Advice(
        _("The token was made for somebody else."),
        _("Ask the CI system for a token with one of the expected audiences, or add its audience to the provider."),
        Place.PROVIDER,
    ),
    DenialReason.TOKEN_TIMES_MALFORMED: Advice(
        _("A time is missing or no number; exp is always needed."), _("Use tokens of an issuer that sets exp.")
    ),
    DenialReason.TOKEN_EXPIRED: Advice(
        _("The token was good once and is over."),
        _("Ask for a new ID token right before the exchange, in the same step of the job."),
    ),
    DenialReason.TOKEN_ISSUED_IN_FUTURE: Advice(
        _("The issuer's clock is ahead of this server's."), _("Synchronize the clocks of both.")
    ),
    DenialReason.TOKEN_NOT_YET_VALID: Advice(
        _("nbf lies in the future."), _("Wait until the token is valid, or synchronize the clocks.")
    ),
    DenialReason.TOKEN_LIFETIME: Advice(
        _("A token that is good for more than a day is as dangerous as a password."),
        _("Ask the issuer for a shorter one."),
    ),
    DenialReason.TOKEN_JTI_MALFORMED: Advice(
        _("jti is no text, empty, or too long."), _("Use tokens of an issuer that sets a fresh jti, or none.")
    ),
    DenialReason.TOKEN_REPLAYED: Advice(
        _("A token with this jti bought a token already."),
        _("Ask for a new ID token for each exchange. If it was not your job, look who called in the log."),
    ),
    DenialReason.PROVIDER_DISABLED: Advice(
        _("Somebody disabled the identity provider."), _("Ask who did and why; then enable it."), Place.PROVIDER
    ),
    DenialReason.PROVIDER_ADDRESS: Advice(
        _("The call came from an address that is not on the provider's list."),
        _("Call from an allowed network, or add the address to the provider's allowed IPs for exchange requests."),
        Place.PROVIDER,
    ),
    DenialReason.PROVIDER_OBSERVES: Advice(
        _("The policy accepts the token, but the provider is in observe mode and mints nothing."),
        _("When the observed decisions are as you want them, switch the provider to enforce."),
        Place.PROVIDER,
    ),
    DenialReason.POLICY_NO_MATCH: Advice(
        _("In each statement at least one rule does not hold; the receipt names it."),
        _("Compare the claim that was seen with the rule. Change the policy only if this job should be trusted."),
        Place.PROVIDER,
    ),
    DenialReason.PARENT_INACTIVE: Advice(
        _("The token to be made smaller is expired, revoked, unknown, or used from outside its networks."),
        _("Exchange anew for a token that is good, then make it smaller."),
    ),
    DenialReason.PARENT_TOO_DEEP: Advice(
        _("A token is made smaller from a token made smaller, five times at most."),
        _("Make the smaller token from one nearer to the beginning."),
    ),
    DenialReason.APPLICATION_DISABLED: Advice(
        _("Somebody disabled the app."), _("Ask who did and why; then enable it."), Place.APP
    ),
    DenialReason.EXCHANGE_DISABLED: Advice(
        _("Token exchange is off for the whole organization."),
        _("Switch it on in the organization settings."),
        Place.ORGANIZATION,
    ),
    DenialReason.EXCHANGE_LIMIT: Advice(
        _("The organization's exchanges of this minute are used up."),
        _("Use a token until it expires rather than exchanging for each call, or raise the limit."),
        Place.ORGANIZATION,
    ),
    DenialReason.ADDRESS_NOT_ALLOWED: Advice(
        _("The call came from an address that is not on the app's list."),
        _("Call from an allowed network, or add the address to the app's allowed IPs for exchange requests."),
        Place.APP_NETWORKS,
    ),
    DenialReason.AUDIENCE_INVALID: Advice(
        _("audience is not the app's own organization."), _("Set audience to the organization's slug or UUID.")
    ),
    DenialReason.SUBJECT_UNKNOWN: Advice(
        _("Nobody has this e-mail address or UUID."),
        _("Correct subject_token, or invite the person."),
        Place.MEMBERS,
    ),
    DenialReason.SUBJECT_UNVERIFIED: Advice(
        _("The person's e-mail address is not verified yet."),
        _("Have the person verify it, or name the person by UUID."),
        Place.MEMBERS,
    ),
    DenialReason.SUBJECT_NOT_MEMBER: Advice(
        _("The person is no member of this organization."), _("Add the person as a member."), Place.MEMBERS
    ),
    DenialReason.SUBJECT_SUSPENDED: Advice(
        _("The person's membership or account is inactive."), _("Activate it, or act for somebody else."), Place.MEMBERS
    ),
    DenialReason.SCOPE_MALFORMED: Advice(
        _("scope holds something that is no scope name."), _("Write scope names with single spaces between them.")
    ),
    DenialReason.SCOPE_NOT_GRANTABLE: Advice(
        _("The request asks for more than the app may grant."),
        _("Ask for less, or let the app grant these scopes."),
        Place.APP_SCOPES,
    ),
    DenialReason.SCOPE_NO_DEFAULT: Advice(
        _("The request names no scope, and the app has none by default."),
        _("Send scope, or give the app default scopes."),
        Place.APP_SCOPES,
    ),
    DenialReason.KEYS_UNAVAILABLE: Advice(
        _("The app's JWKS URI has not answered with keys within the last 24 hours."),
        _("Mend the host behind the URI; the app's page says how the last fetch ended. Then fetch it now."),
        Place.APP_KEYS,
    ),
    DenialReason.DATABASE_UNAVAILABLE: Advice(
        _("This server could not store the exchange."),
        _("Try again after the seconds in Retry-After; tell the operator if it lasts."),
    ),
    DenialReason.INTERNAL_ERROR: Advice(
        _("A mistake of this server; the assertion was not used up."),
        _("Try again, then give the request id to the operator."),
    ),
}
