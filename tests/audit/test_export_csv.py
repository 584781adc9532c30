"""CSV as a reader of it sees it, whichever way the row was written."""

from __future__ import annotations

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from audit.export_csv import HEADER, csv_line

_CELLS = st.none() | st.integers(0, 9) | st.text(st.sampled_from('a,"\r\n\t=+-@＝ é\x1f'), max_size=4)


_SEAL = st.tuples(*[st.none() | st.sampled_from([1, 250, "0a" * 32])] * 3)
_ROWS = st.tuples(st.lists(_CELLS, min_size=len(HEADER) - 3, max_size=len(HEADER) - 3), _SEAL)


@given(_ROWS.map(lambda row: [*row[0], *row[1]]))
def test_each_cell_is_read_as_it_was_but_for_the_apostrophe_before_a_formula(cells: list[str | int | None]) -> None:
    (read,) = csv.reader(io.StringIO(csv_line(tuple(cells)).decode(), newline=""))
    texts = ["" if cell is None else str(cell) for cell in cells]
    assert read == [f"'{text}" if text.startswith(tuple("=+-@\t\r\n＝＋－＠")) else text for text in texts]
