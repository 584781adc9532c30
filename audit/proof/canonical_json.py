"""Canonical JSON (RFC 8785): one sequence of bytes for one value, whoever writes it.

No spaces; members in the order of their names as UTF-16; strings in UTF-8 with the shortest escapes; fractions as
ECMAScript writes them. Whole numbers are written digit by digit, also beyond 2^53, where RFC 8785 has no answer.
"""

from __future__ import annotations

import math
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any


def canonical_json(value: Any) -> bytes:
    return _canonical(value).encode("utf-8", "surrogatepass")


def _canonical(value: Any) -> str:
    if isinstance(value, str):
        return encode_basestring(value)
    if isinstance(value, dict):
        return "{" + ",".join([f"{encode_basestring(n)}:{_canonical(value[n])}" for n in _in_order(value)]) + "}"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, float):
        return _fraction(value)
    return "[" + ",".join([_canonical(member) for member in value]) + "]"


def _in_order(names: dict[str, Any]) -> list[str]:
    """RFC 8785 section 3.2.3. Code points sort like UTF-16 while all names are ASCII, which is nearly always."""
    if "".join(names).isascii():
        return sorted(names)
    return sorted(names, key=lambda name: name.encode("utf-16-be", "surrogatepass"))


def _fraction(value: float) -> str:
    """ECMAScript's Number::toString, as RFC 8785 section 3.2.2.3 asks for."""
    if not math.isfinite(value):
        return repr(value)  # no JSON, so no row holds it; whoever forged one shall not stop the sealing
    sign, digit_tuple, exponent = Decimal(repr(value)).normalize().as_tuple()
    digits, minus = "".join(map(str, digit_tuple)), "-" if sign and value else ""
    point = len(digits) + int(exponent)
    if value == 0:
        return "0"
    if len(digits) <= point <= 21:
        return minus + digits + "0" * (point - len(digits))
    if 0 < point <= 21:
        return f"{minus}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{minus}0.{'0' * -point}{digits}"
    mantissa = digits[0] + (f".{digits[1:]}" if len(digits) > 1 else "")
    return f"{minus}{mantissa}e{point - 1:+d}"
