"""The addresses of the REST API, and of its description."""

from django.urls import path, re_path
from drf_spectacular.views import SpectacularAPIView

from exchange_apps.api import (
    application_actions,
    application_keys,
    applications,
    audit_events,
    identity_providers,
    invitations,
    members,
    organizations,
    pages,
    rate_limits,
    tokens,
)

_ORGANIZATION = "v2/organizations/<str:org>"
_APPS = f"{_ORGANIZATION}/token-exchange-apps"
_APP = f"{_APPS}/<uuid:app_id>"
_INVITATION = f"{_ORGANIZATION}/invitations/<uuid:invitation_id>"

app_name = "api"
urlpatterns = [
    path("api/schema", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs", pages.DocsView.as_view(url_name="api:schema"), name="docs"),
    path("api/docs/<str:name>", pages.docs_file, name="docs_file"),
    path(f"{_ORGANIZATION}/audit_events", audit_events.AuditEventsView.as_view(), name="audit_events"),
    re_path(
        r"^v2/organizations/(?P<org>[^/]+)/audit_events\.(?P<kind>csv|ndjson)$",
        audit_events.AuditExportView.as_view(),
        name="audit_export",
    ),
    path(f"{_ORGANIZATION}/audit_events/<uuid:event_id>", audit_events.AuditEventView.as_view(), name="audit_event"),
    path(
        f"{_ORGANIZATION}/audit_events/<uuid:event_id>/proof",
        audit_events.AuditProofView.as_view(),
        name="audit_event_proof",
    ),
    path(
        f"{_ORGANIZATION}/identity-providers",
        identity_providers.IdentityProvidersView.as_view(),
        name="identity_providers",
    ),
    path(
        f"{_ORGANIZATION}/identity-providers/<uuid:provider_id>",
        identity_providers.IdentityProviderView.as_view(),
        name="identity_provider",
    ),
    path("v2/organizations", organizations.OrganizationsView.as_view(), name="organizations"),
    path(_ORGANIZATION, organizations.OrganizationSettingsView.as_view(), name="organization"),
    path(f"{_ORGANIZATION}/members", members.MembersView.as_view(), name="members"),
    path(f"{_ORGANIZATION}/members/<uuid:user_id>", members.MemberView.as_view(), name="member"),
    path(f"{_ORGANIZATION}/invitations", invitations.InvitationsView.as_view(), name="invitations"),
    path(_INVITATION, invitations.InvitationView.as_view(), name="invitation"),
    path(f"{_INVITATION}/resend", invitations.ResendView.as_view(), name="invitation_resend"),
    path(_APPS, applications.ApplicationsView.as_view(), name="applications"),
    path(_APP, applications.ApplicationView.as_view(), name="application"),
    path(f"{_APP}/enable", application_actions.EnableView.as_view(), name="application_enable"),
    path(f"{_APP}/disable", application_actions.DisableView.as_view(), name="application_disable"),
    path(f"{_APP}/restore", application_actions.RestoreView.as_view(), name="application_restore"),
    path(f"{_APP}/fetch", application_actions.FetchView.as_view(), name="application_fetch"),
    path(f"{_APP}/keys", application_keys.KeysView.as_view(), name="application_keys"),
    path(f"{_APP}/keys/<uuid:key_id>/off", application_keys.KeyOffView.as_view(), name="application_key_off"),
    path(f"{_APP}/keys/<uuid:key_id>/on", application_keys.KeyOnView.as_view(), name="application_key_on"),
    path(f"{_ORGANIZATION}/tokens", tokens.TokensView.as_view(), name="tokens"),
    path(f"{_ORGANIZATION}/tokens/<uuid:token_id>", tokens.TokenView.as_view(), name="token"),
    path(f"{_ORGANIZATION}/rate_limit", rate_limits.RateLimitView.as_view(), name="rate_limit"),
]
