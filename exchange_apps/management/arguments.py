"""Command-line arguments that several commands share, with the sentence for a wrong one."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from django.conf import settings

from exchange_apps.management.server import DEFAULT_HOST, DEFAULT_THREADS

_MOST_AT_ONCE = 256


def whole_number(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {least} to {most}")
        return int(text)

    return parse


def add_listener_arguments(parser: argparse.ArgumentParser) -> None:
    """Where and how to serve; `server.listener` reads them."""
    parser.add_argument("--host", default=DEFAULT_HOST, help=f"address to listen at (default: {DEFAULT_HOST})")
    parser.add_argument(
        "--port",
        type=whole_number(1, 65535),
        default=settings.PORT,
        help=f"default: the variable PORT, now {settings.PORT}",
    )
    parser.add_argument(
        "--workers",
        type=whole_number(1, _MOST_AT_ONCE),
        help="processes (default: one on SQLite, else one for each core)",
    )
    parser.add_argument(
        "--threads",
        type=whole_number(1, _MOST_AT_ONCE),
        default=DEFAULT_THREADS,
        help=f"threads of each process, each with a database connection of its own (default: {DEFAULT_THREADS})",
    )
