"""The closed vocabulary of the log: every event type, with the one sentence people read for it."""

from __future__ import annotations

from enum import StrEnum

from django.utils.translation import gettext_noop as _


class Outcome(StrEnum):
    SUCCESS = "success"
    DENIED = "denied"
    FAILED = "failed"


class AuditAction(StrEnum):
    ACCESS_TOKEN_MINTED = "ACCESS_TOKEN_MINTED"
    ACCESS_TOKEN_REVOKED = "ACCESS_TOKEN_REVOKED"
    TOKEN_EXCHANGE_DENIED = "TOKEN_EXCHANGE_DENIED"
    TOKEN_EXCHANGE_OBSERVED = "TOKEN_EXCHANGE_OBSERVED"
    EXCHANGE_DRY_RUN = "EXCHANGE_DRY_RUN"
    TOKEN_EXCHANGE_APP_CREATED = "TOKEN_EXCHANGE_APP_CREATED"
    TOKEN_EXCHANGE_APP_UPDATED = "TOKEN_EXCHANGE_APP_UPDATED"
    TOKEN_EXCHANGE_APP_DELETED = "TOKEN_EXCHANGE_APP_DELETED"
    TOKEN_EXCHANGE_APP_RESTORED = "TOKEN_EXCHANGE_APP_RESTORED"
    TOKEN_EXCHANGE_APP_KEYS_CHANGED = "TOKEN_EXCHANGE_APP_KEYS_CHANGED"
    TOKEN_EXCHANGE_APP_KEY_SWITCHED_OFF = "TOKEN_EXCHANGE_APP_KEY_SWITCHED_OFF"
    TOKEN_EXCHANGE_APP_KEY_SWITCHED_ON = "TOKEN_EXCHANGE_APP_KEY_SWITCHED_ON"
    IDENTITY_PROVIDER_CREATED = "IDENTITY_PROVIDER_CREATED"
    IDENTITY_PROVIDER_UPDATED = "IDENTITY_PROVIDER_UPDATED"
    IDENTITY_PROVIDER_DELETED = "IDENTITY_PROVIDER_DELETED"
    JWKS_REFRESH_FAILED = "JWKS_REFRESH_FAILED"
    JWKS_REFRESH_RECOVERED = "JWKS_REFRESH_RECOVERED"
    ORGANIZATION_CREATED = "ORGANIZATION_CREATED"
    ORGANIZATION_UPDATED = "ORGANIZATION_UPDATED"
    ORGANIZATION_DELETED = "ORGANIZATION_DELETED"
    ORGANIZATION_MEMBER_CREATED = "ORGANIZATION_MEMBER_CREATED"
    ORGANIZATION_MEMBER_UPDATED = "ORGANIZATION_MEMBER_UPDATED"
    ORGANIZATION_MEMBER_DELETED = "ORGANIZATION_MEMBER_DELETED"
    ORGANIZATION_INVITATION_CREATED = "ORGANIZATION_INVITATION_CREATED"
    ORGANIZATION_INVITATION_RESENT = "ORGANIZATION_INVITATION_RESENT"
    ORGANIZATION_INVITATION_WITHDRAWN = "ORGANIZATION_INVITATION_WITHDRAWN"
    ORGANIZATION_INVITATION_ACCEPTED = "ORGANIZATION_INVITATION_ACCEPTED"
    ORGANIZATION_INVITATION_DECLINED = "ORGANIZATION_INVITATION_DECLINED"
    ORGANIZATION_INVITATION_REFUSED = "ORGANIZATION_INVITATION_REFUSED"
    USER_CREATED = "USER_CREATED"
    USER_UPDATED = "USER_UPDATED"
    USER_SIGNED_IN = "USER_SIGNED_IN"
    USER_SIGN_IN_FAILED = "USER_SIGN_IN_FAILED"
    USER_PASSWORD_RESET_REQUESTED = "USER_PASSWORD_RESET_REQUESTED"
    USER_AUTHENTICATOR_ADDED = "USER_AUTHENTICATOR_ADDED"
    USER_AUTHENTICATOR_REMOVED = "USER_AUTHENTICATOR_REMOVED"
    USER_RECOVERY_CODES_GENERATED = "USER_RECOVERY_CODES_GENERATED"
    USER_RECOVERY_CODES_VIEWED = "USER_RECOVERY_CODES_VIEWED"
    USER_SESSIONS_ENDED = "USER_SESSIONS_ENDED"
    SCOPE_CREATED = "SCOPE_CREATED"
    SCOPE_UPDATED = "SCOPE_UPDATED"
    SCOPE_DELETED = "SCOPE_DELETED"
    JOB_STARTED = "JOB_STARTED"
    JOB_FINISHED = "JOB_FINISHED"
    ID_TOKEN_ISSUED = "ID_TOKEN_ISSUED"
    ID_TOKEN_DENIED = "ID_TOKEN_DENIED"
    ID_TOKEN_POLICY_UPDATED = "ID_TOKEN_POLICY_UPDATED"
    PIPELINE_CREATED = "PIPELINE_CREATED"
    PIPELINE_UPDATED = "PIPELINE_UPDATED"
    PIPELINE_DELETED = "PIPELINE_DELETED"
    CLUSTER_CREATED = "CLUSTER_CREATED"
    CLUSTER_UPDATED = "CLUSTER_UPDATED"
    CLUSTER_DELETED = "CLUSTER_DELETED"
    QUEUE_CREATED = "QUEUE_CREATED"
    QUEUE_UPDATED = "QUEUE_UPDATED"
    QUEUE_DELETED = "QUEUE_DELETED"
    SIGNING_KEY_CREATED = "SIGNING_KEY_CREATED"
    SIGNING_KEY_ACTIVATED = "SIGNING_KEY_ACTIVATED"
    SIGNING_KEY_RETIRED = "SIGNING_KEY_RETIRED"
    SIGNING_KEY_REVOKED = "SIGNING_KEY_REVOKED"
    CONFIGURATION_APPLIED = "CONFIGURATION_APPLIED"
    AUDIT_LOG_PRUNED = "AUDIT_LOG_PRUNED"
    AUDIT_LOG_EXPORT_BEGUN = "AUDIT_LOG_EXPORT_BEGUN"
    AUDIT_LOG_EXPORTED = "AUDIT_LOG_EXPORTED"
    AUDIT_WEBHOOK_CREATED = "AUDIT_WEBHOOK_CREATED"
    AUDIT_WEBHOOK_UPDATED = "AUDIT_WEBHOOK_UPDATED"
    AUDIT_WEBHOOK_DELETED = "AUDIT_WEBHOOK_DELETED"
    AUDIT_WEBHOOK_SECRET_ROTATED = "AUDIT_WEBHOOK_SECRET_ROTATED"
    AUDIT_WEBHOOK_TESTED = "AUDIT_WEBHOOK_TESTED"
    AUDIT_WEBHOOK_PAUSED = "AUDIT_WEBHOOK_PAUSED"
    AUDIT_WEBHOOK_RESUMED = "AUDIT_WEBHOOK_RESUMED"
    AUDIT_WEBHOOK_REPLAYED = "AUDIT_WEBHOOK_REPLAYED"


SENTENCES: dict[AuditAction, str] = {
    AuditAction.ACCESS_TOKEN_MINTED: _("{actor} minted a token for {on_behalf_of}"),
    AuditAction.ACCESS_TOKEN_REVOKED: _("{actor} revoked the token {subject}"),
    AuditAction.TOKEN_EXCHANGE_DENIED: _("{actor} was refused a token: {reason}"),
    AuditAction.TOKEN_EXCHANGE_OBSERVED: _("{actor} was observed, and no token minted: {reason}"),
    AuditAction.EXCHANGE_DRY_RUN: _("{actor} made a dry run of an exchange"),
    AuditAction.TOKEN_EXCHANGE_APP_CREATED: _("{actor} created the app {subject}"),
    AuditAction.TOKEN_EXCHANGE_APP_UPDATED: _("{actor} changed the app {subject}"),
    AuditAction.TOKEN_EXCHANGE_APP_DELETED: _("{actor} deleted the app {subject}"),
    AuditAction.TOKEN_EXCHANGE_APP_RESTORED: _("{actor} restored the app {subject}"),
    AuditAction.TOKEN_EXCHANGE_APP_KEYS_CHANGED: _("The published keys of the app {subject} changed"),
    AuditAction.TOKEN_EXCHANGE_APP_KEY_SWITCHED_OFF: _("{actor} switched off the key {subject}"),
    AuditAction.TOKEN_EXCHANGE_APP_KEY_SWITCHED_ON: _("{actor} switched on the key {subject}"),
    AuditAction.IDENTITY_PROVIDER_CREATED: _("{actor} created the identity provider {subject}"),
    AuditAction.IDENTITY_PROVIDER_UPDATED: _("{actor} changed the identity provider {subject}"),
    AuditAction.IDENTITY_PROVIDER_DELETED: _("{actor} deleted the identity provider {subject}"),
    AuditAction.JWKS_REFRESH_FAILED: _("The keys of {subject} can no longer be fetched: {reason}"),
    AuditAction.JWKS_REFRESH_RECOVERED: _("The keys of {subject} can be fetched again"),
    AuditAction.ORGANIZATION_CREATED: _("{actor} created the organization {subject}"),
    AuditAction.ORGANIZATION_UPDATED: _("{actor} changed the organization {subject}"),
    AuditAction.ORGANIZATION_DELETED: _("{actor} deleted the organization {subject}"),
    AuditAction.ORGANIZATION_MEMBER_CREATED: _("{actor} added the member {subject}"),
    AuditAction.ORGANIZATION_MEMBER_UPDATED: _("{actor} changed the member {subject}"),
    AuditAction.ORGANIZATION_MEMBER_DELETED: _("{actor} removed the member {subject}"),
    AuditAction.ORGANIZATION_INVITATION_CREATED: _("{actor} invited {subject}"),
    AuditAction.ORGANIZATION_INVITATION_RESENT: _("{actor} sent {subject} the invitation again"),
    AuditAction.ORGANIZATION_INVITATION_WITHDRAWN: _("{actor} withdrew the invitation of {subject}"),
    AuditAction.ORGANIZATION_INVITATION_ACCEPTED: _("{actor} accepted the invitation"),
    AuditAction.ORGANIZATION_INVITATION_DECLINED: _("{subject} declined the invitation"),
    AuditAction.ORGANIZATION_INVITATION_REFUSED: _("The invitation of {subject} could not be used: {reason}"),
    AuditAction.USER_CREATED: _("{actor} created the user {subject}"),
    AuditAction.USER_UPDATED: _("{actor} changed the user {subject}"),
    AuditAction.USER_SIGNED_IN: _("{actor} signed in"),
    AuditAction.USER_SIGN_IN_FAILED: _("Signing in as {subject} failed: {reason}"),
    AuditAction.USER_PASSWORD_RESET_REQUESTED: _("A link for a new password was sent to {subject}"),
    AuditAction.USER_AUTHENTICATOR_ADDED: _("{actor} added a second factor"),
    AuditAction.USER_AUTHENTICATOR_REMOVED: _("{actor} removed a second factor"),
    AuditAction.USER_RECOVERY_CODES_GENERATED: _("{actor} made new recovery codes"),
    AuditAction.USER_RECOVERY_CODES_VIEWED: _("{actor} looked at the recovery codes"),
    AuditAction.USER_SESSIONS_ENDED: _("{actor} ended sessions"),
    AuditAction.SCOPE_CREATED: _("{actor} added the scope {subject}"),
    AuditAction.SCOPE_UPDATED: _("{actor} changed the scope {subject}"),
    AuditAction.SCOPE_DELETED: _("{actor} removed the scope {subject}"),
    AuditAction.JOB_STARTED: _("{actor} started the job {subject}"),
    AuditAction.JOB_FINISHED: _("{actor} finished the job {subject}"),
    AuditAction.ID_TOKEN_ISSUED: _("{actor} got an ID token for the job {subject}"),
    AuditAction.ID_TOKEN_DENIED: _("{actor} was refused an ID token for the job {subject}: {reason}"),
    AuditAction.ID_TOKEN_POLICY_UPDATED: _("{actor} changed what jobs may ask for"),
    AuditAction.PIPELINE_CREATED: _("{actor} created the pipeline {subject}"),
    AuditAction.PIPELINE_UPDATED: _("{actor} changed the pipeline {subject}"),
    AuditAction.PIPELINE_DELETED: _("{actor} deleted the pipeline {subject}"),
    AuditAction.CLUSTER_CREATED: _("{actor} created the cluster {subject}"),
    AuditAction.CLUSTER_UPDATED: _("{actor} changed the cluster {subject}"),
    AuditAction.CLUSTER_DELETED: _("{actor} deleted the cluster {subject}"),
    AuditAction.QUEUE_CREATED: _("{actor} created the queue {subject}"),
    AuditAction.QUEUE_UPDATED: _("{actor} changed the queue {subject}"),
    AuditAction.QUEUE_DELETED: _("{actor} deleted the queue {subject}"),
    AuditAction.SIGNING_KEY_CREATED: _("{actor} published the signing key {subject}"),
    AuditAction.SIGNING_KEY_ACTIVATED: _("{actor} let the signing key {subject} sign"),
    AuditAction.SIGNING_KEY_RETIRED: _("{actor} retired the signing key {subject}"),
    AuditAction.SIGNING_KEY_REVOKED: _("{actor} revoked the signing key {subject}"),
    AuditAction.CONFIGURATION_APPLIED: _("{actor} applied a configuration file"),
    AuditAction.AUDIT_LOG_PRUNED: _("{actor} removed events that were kept for their time"),
    AuditAction.AUDIT_LOG_EXPORT_BEGUN: _("{actor} began to export the audit log"),
    AuditAction.AUDIT_LOG_EXPORTED: _("{actor} exported the audit log"),
    AuditAction.AUDIT_WEBHOOK_CREATED: _("{actor} created the webhook {subject}"),
    AuditAction.AUDIT_WEBHOOK_UPDATED: _("{actor} changed the webhook {subject}"),
    AuditAction.AUDIT_WEBHOOK_DELETED: _("{actor} deleted the webhook {subject}"),
    AuditAction.AUDIT_WEBHOOK_SECRET_ROTATED: _("{actor} gave the webhook {subject} a new secret"),
    AuditAction.AUDIT_WEBHOOK_TESTED: _("{actor} sent a test event to the webhook {subject}"),
    AuditAction.AUDIT_WEBHOOK_PAUSED: _("{actor} paused the webhook {subject}"),
    AuditAction.AUDIT_WEBHOOK_RESUMED: _("{actor} resumed the webhook {subject}"),
    AuditAction.AUDIT_WEBHOOK_REPLAYED: _("{actor} had events sent to the webhook {subject} again"),
}
