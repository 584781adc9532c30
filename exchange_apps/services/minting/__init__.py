"""Writing a mint: the token, its event, the spent `jti` and the spent budget, all or nothing.

`mint_writer()` gives the one writer of this process; docs/architecture.md tells how it works.
"""

from functools import cache

from django.db import connection

from exchange_apps.services.minting import postgresql, sqlite
from exchange_apps.services.minting.group_commit import GroupCommit
from exchange_apps.services.minting.intent import MintIntent, MintOutcome, MintResult

__all__ = ["MintIntent", "MintOutcome", "MintResult", "mint_writer"]


@cache
def mint_writer() -> GroupCommit[MintIntent, MintResult]:
    write = postgresql.write_mints if connection.vendor == "postgresql" else sqlite.write_mints
    return GroupCommit(write)
