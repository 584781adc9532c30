"""An export as CSV (RFC 4180) that a spreadsheet shows and does not calculate.

Most rows need neither quotes nor an apostrophe, but for `data`: one look at the whole row tells, and no cell is looked
at by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from audit.export_line import COLUMNS
from audit.export_rows import Row

HEADER = ("uuid", *COLUMNS[1:], "seal_sequence", "seal_previous", "seal_hash")
_DATA = COLUMNS.index("data")
_FORMULA = frozenset("=+-@\t\r\n＝＋－＠")
_TO_QUOTE = re.compile('[",\r\n]')


def csv_header() -> bytes:
    return (",".join(HEADER) + "\r\n").encode()


def csv_lines(rows: Iterable[Row]) -> bytes:
    return "".join([_line(row) for row in rows]).encode("utf-8", "surrogatepass")


def _line(row: Row) -> str:
    cells = ["" if cell is None else str(cell) for cell in row]
    data, cells[_DATA] = cells[_DATA], ""
    if not _is_plain(cells):
        cells = [_cell(cell) for cell in cells]
    cells[_DATA] = _cell(data)
    return ",".join(cells) + "\r\n"


def _is_plain(cells: list[str]) -> bool:
    text = "".join(cells)
    to_quote = '"' in text or "," in text or "\r" in text or "\n" in text
    return not to_quote and _FORMULA.isdisjoint({cell[:1] for cell in cells})


def _cell(text: str) -> str:
    """With an apostrophe ahead, where a spreadsheet would take it for a formula; in quotes, where it needs them."""
    harmless = f"'{text}" if text[:1] in _FORMULA else text
    return '"' + harmless.replace('"', '""') + '"' if _TO_QUOTE.search(harmless) else harmless
