"""The closed vocabulary of the log: every event type, with the one sentence people read for it."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    SUCCESS = "success"
    DENIED = "denied"
    FAILED = "failed"


class AuditAction(StrEnum):
    ACCESS_TOKEN_MINTED = "ACCESS_TOKEN_MINTED"
    ACCESS_TOKEN_REVOKED = "ACCESS_TOKEN_REVOKED"
    TOKEN_EXCHANGE_DENIED = "TOKEN_EXCHANGE_DENIED"
    TOKEN_EXCHANGE_APP_CREATED = "TOKEN_EXCHANGE_APP_CREATED"
    TOKEN_EXCHANGE_APP_UPDATED = "TOKEN_EXCHANGE_APP_UPDATED"
    TOKEN_EXCHANGE_APP_DELETED = "TOKEN_EXCHANGE_APP_DELETED"
    TOKEN_EXCHANGE_APP_KEYS_CHANGED = "TOKEN_EXCHANGE_APP_KEYS_CHANGED"
    TOKEN_EXCHANGE_APP_KEY_SWITCHED_OFF = "TOKEN_EXCHANGE_APP_KEY_SWITCHED_OFF"
    TOKEN_EXCHANGE_APP_KEY_SWITCHED_ON = "TOKEN_EXCHANGE_APP_KEY_SWITCHED_ON"
    JWKS_REFRESH_FAILED = "JWKS_REFRESH_FAILED"
    JWKS_REFRESH_RECOVERED = "JWKS_REFRESH_RECOVERED"
    ORGANIZATION_CREATED = "ORGANIZATION_CREATED"
    ORGANIZATION_UPDATED = "ORGANIZATION_UPDATED"
    ORGANIZATION_DELETED = "ORGANIZATION_DELETED"
    ORGANIZATION_MEMBER_CREATED = "ORGANIZATION_MEMBER_CREATED"
    ORGANIZATION_MEMBER_UPDATED = "ORGANIZATION_MEMBER_UPDATED"
    ORGANIZATION_MEMBER_DELETED = "ORGANIZATION_MEMBER_DELETED"
    USER_CREATED = "USER_CREATED"
    USER_UPDATED = "USER_UPDATED"
    USER_SIGNED_IN = "USER_SIGNED_IN"
    USER_SIGN_IN_FAILED = "USER_SIGN_IN_FAILED"
    SCOPE_CREATED = "SCOPE_CREATED"
    SCOPE_UPDATED = "SCOPE_UPDATED"
    SCOPE_DELETED = "SCOPE_DELETED"
    CONFIGURATION_APPLIED = "CONFIGURATION_APPLIED"


SENTENCES: dict[AuditAction, str] = {
    AuditAction.ACCESS_TOKEN_MINTED: "{actor} minted a token for {on_behalf_of}",
    AuditAction.ACCESS_TOKEN_REVOKED: "{actor} revoked the token {subject}",
    AuditAction.TOKEN_EXCHANGE_DENIED: "{actor} was refused a token: {reason}",
    AuditAction.TOKEN_EXCHANGE_APP_CREATED: "{actor} created the app {subject}",
    AuditAction.TOKEN_EXCHANGE_APP_UPDATED: "{actor} changed the app {subject}",
    AuditAction.TOKEN_EXCHANGE_APP_DELETED: "{actor} deleted the app {subject}",
    AuditAction.TOKEN_EXCHANGE_APP_KEYS_CHANGED: "The published keys of the app {subject} changed",
    AuditAction.TOKEN_EXCHANGE_APP_KEY_SWITCHED_OFF: "{actor} switched off the key {subject}",
    AuditAction.TOKEN_EXCHANGE_APP_KEY_SWITCHED_ON: "{actor} switched on the key {subject}",
    AuditAction.JWKS_REFRESH_FAILED: "The keys of the app {subject} can no longer be fetched: {reason}",
    AuditAction.JWKS_REFRESH_RECOVERED: "The keys of the app {subject} can be fetched again",
    AuditAction.ORGANIZATION_CREATED: "{actor} created the organization {subject}",
    AuditAction.ORGANIZATION_UPDATED: "{actor} changed the organization {subject}",
    AuditAction.ORGANIZATION_DELETED: "{actor} deleted the organization {subject}",
    AuditAction.ORGANIZATION_MEMBER_CREATED: "{actor} added the member {subject}",
    AuditAction.ORGANIZATION_MEMBER_UPDATED: "{actor} changed the member {subject}",
    AuditAction.ORGANIZATION_MEMBER_DELETED: "{actor} removed the member {subject}",
    AuditAction.USER_CREATED: "{actor} created the user {subject}",
    AuditAction.USER_UPDATED: "{actor} changed the user {subject}",
    AuditAction.USER_SIGNED_IN: "{actor} signed in",
    AuditAction.USER_SIGN_IN_FAILED: "Signing in as {subject} failed: {reason}",
    AuditAction.SCOPE_CREATED: "{actor} added the scope {subject}",
    AuditAction.SCOPE_UPDATED: "{actor} changed the scope {subject}",
    AuditAction.SCOPE_DELETED: "{actor} removed the scope {subject}",
    AuditAction.CONFIGURATION_APPLIED: "{actor} applied a configuration file",
}
