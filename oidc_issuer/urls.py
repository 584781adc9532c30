"""The machine endpoints of the issuer."""

from django.urls import path

from oidc_issuer.endpoints import well_known
from oidc_issuer.endpoints.id_tokens import IDTokenView

app_name = "oidc"
urlpatterns = [
    path(".well-known/openid-configuration", well_known.openid_configuration, name="discovery"),
    path(".well-known/jwks", well_known.jwks, name="jwks"),
    path(".well-known/jwks.json", well_known.jwks, name="jwks_json"),
    path(".well-known/audit-checkpoint-keys.json", well_known.audit_checkpoint_keys, name="checkpoint_keys"),
    path("v3/jobs/<str:job_id>/oidc/tokens", IDTokenView.as_view(), name="id_token"),
]
