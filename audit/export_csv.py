"""An export as CSV (RFC 4180) that a spreadsheet shows and does not calculate."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import groupby

from audit.export_line import COLUMNS
from audit.export_rows import Row, published

HEADER = ("uuid", *COLUMNS[1:], "seal_sequence", "seal_previous", "seal_hash")
_FORMULA = frozenset("=+-@\t\r\n＝＋－＠")
_TO_QUOTE = re.compile('[",\r\n]')
# In all other columns most values are those of rows before, and so are the parties
_MOSTLY_NEW = ("uuid", "occurred_at", "subject_id", "subject_name", "request_id", "data")
_PARTIES = ("actor", "on_behalf_of")


def csv_header() -> bytes:
    return (",".join(HEADER) + "\r\n").encode()


def csv_lines(rows: Iterable[Row]) -> bytes:
    return b"".join([csv_line(published(row)) for row in rows])


def csv_line(cells: Row) -> bytes:
    return b",".join([write(*cells[part]) for write, part in _RUNS]) + b"\r\n"


def _cells(*values: str | int | None) -> bytes:
    return b",".join(map(_cell, values))


def _cell(value: str | int | None) -> bytes:
    """With an apostrophe ahead, where a spreadsheet would take it for a formula; in quotes, where it needs them."""
    if value is None:
        return b""
    text = str(value)
    if text[:1] in _FORMULA:
        text = f"'{text}"
    if _TO_QUOTE.search(text):
        text = '"' + text.replace('"', '""') + '"'
    return text.encode("utf-8", "surrogatepass")


def _digits(*values: str | int | None) -> bytes:
    return b",".join([b"" if value is None else str(value).encode() for value in values])


_known_cells = lru_cache(maxsize=65_536)(_cells)


def _runs() -> Iterator[tuple[Callable[..., bytes], slice]]:
    """Neighbouring columns that are written in one go, and by what."""
    start = 0
    for (is_seal, is_new, _), names in groupby(HEADER, key=_kind):
        end = start + len(list(names))
        yield _digits if is_seal else _cells if is_new else _known_cells, slice(start, end)
        start = end


def _kind(name: str) -> tuple[bool, bool, str]:
    party = next((party for party in _PARTIES if name.startswith(f"{party}_")), "")
    return name.startswith("seal_"), name in _MOSTLY_NEW, party


_RUNS = tuple(_runs())
