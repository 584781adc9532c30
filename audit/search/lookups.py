"""Comparisons that mean one thing on both databases: `request_ip__in_network="10.0.0.0/8"`, `actor_name__named="Bob"`,
for which the capitals of A to Z do not matter. (SQLite knows no others, so neither does the index.)"""

from __future__ import annotations

from functools import lru_cache
from string import ascii_uppercase
from typing import TYPE_CHECKING, Any

from django.db.backends.signals import connection_created
from django.db.models import CharField, GenericIPAddressField, Lookup

from audit.origin import parsed_address
from audit.search.values import Network, network_of

if TYPE_CHECKING:
    _Lookup = Lookup[bool]
else:
    _Lookup = Lookup

_CAPITALS = {ord(letter): letter.lower() for letter in ascii_uppercase}
_SQLITE_FUNCTION = "audit_in_network"
_network = lru_cache(maxsize=256)(network_of)


@GenericIPAddressField.register_lookup
class InNetwork(_Lookup):
    lookup_name = "in_network"
    prepare_rhs = False

    def get_db_prep_lookup(self, value: Any, connection: Any) -> tuple[str, list[Any]]:
        return "%s", [str(value)]

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        column, of_column = self.process_lhs(compiler, connection)
        network, of_network = self.process_rhs(compiler, connection)
        parameters = [*of_column, *of_network]
        if connection.vendor == "postgresql":
            return f"{column} <<= {network}::inet", parameters
        return f"{_SQLITE_FUNCTION}({column}, {network})", parameters


@CharField.register_lookup
class Named(_Lookup):
    lookup_name = "named"
    prepare_rhs = False

    def get_db_prep_lookup(self, value: Any, connection: Any) -> tuple[str, list[Any]]:
        return "%s", [folded(str(value))]

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        column, of_column = self.process_lhs(compiler, connection)
        name, of_name = self.process_rhs(compiler, connection)
        collation = ' COLLATE "C"' if connection.vendor == "postgresql" else ""
        return f"LOWER({column}{collation}) = {name}", [*of_column, *of_name]


def folded(name: str) -> str:
    """The name with A to Z as small letters."""
    return name.translate(_CAPITALS)


def _in_network(address: str | None, network: str) -> bool:
    parsed = parsed_address(address or "")
    return parsed is not None and _contains(_network(network), parsed)


def _contains(network: Network, address: Any) -> bool:
    return address.version == network.version and address in network


def teach_sqlite(connection: Any, **_: object) -> None:
    if connection.vendor == "sqlite":
        connection.connection.create_function(_SQLITE_FUNCTION, 2, _in_network, deterministic=True)


connection_created.connect(teach_sqlite, dispatch_uid=_SQLITE_FUNCTION)
