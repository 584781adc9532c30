"""The machine endpoints of the token exchange."""

from django.urls import path

from exchange_apps.oauth.access_token import AccessTokenView
from exchange_apps.oauth.buddy_tokens import BuddyTokenView
from exchange_apps.oauth.metadata import authorization_server_metadata
from exchange_apps.oauth.views import TokenView

app_name = "oauth"
urlpatterns = [
    path("oauth/token", TokenView.as_view(), name="token"),
    path("v2/oauth/token", TokenView.as_view(), name="token_v2"),
    path("user/oidc/tokens", BuddyTokenView.as_view(), name="buddy_tokens"),
    path("v2/access-token", AccessTokenView.as_view(), name="access_token"),
    path(".well-known/oauth-authorization-server", authorization_server_metadata, name="metadata"),
]
