"""The portal's screens for organizations, people, apps and tokens."""

from exchange_apps.admin import applications, identity_providers, members, minted_tokens, organizations, users, webhooks

__all__ = ["applications", "identity_providers", "members", "minted_tokens", "organizations", "users", "webhooks"]
