"""Writing a mint: the token, its event, the spent `jti` and the spent budget, all or nothing.

`mint_writer()` gives the one writer of this process; docs/architecture.md tells how it works.
"""

from functools import cache

from django.db import connection

from exchange_apps.services.minting import sqlite
from exchange_apps.services.minting.group_commit import GroupCommit
from exchange_apps.services.minting.intent import MintIntent, MintOutcome, MintResult

__all__ = ["MintIntent", "MintOutcome", "MintResult", "mint_writer"]


@cache
def mint_writer() -> GroupCommit[MintIntent, MintResult]:
    if connection.vendor == "postgresql":
        # Only here: the background jobs beside an SQLite file need not load psycopg
        from exchange_apps.services.minting import postgresql

        return GroupCommit(postgresql.write_mints)
    return GroupCommit(sqlite.write_mints)
