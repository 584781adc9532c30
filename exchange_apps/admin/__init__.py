"""The portal's screens for organizations, people, apps and tokens."""

from exchange_apps.admin import applications, members, minted_tokens, organizations, users

__all__ = ["applications", "members", "minted_tokens", "organizations", "users"]
