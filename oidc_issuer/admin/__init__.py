"""The screens of the issuer; importing registers them."""

from oidc_issuer.admin import building, jobs, signing_keys, token_policy

__all__ = ["building", "jobs", "signing_keys", "token_policy"]
