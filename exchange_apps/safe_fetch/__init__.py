"""Fetching from addresses that customers choose. The only package that imports requests; knows no Django."""

from exchange_apps.safe_fetch.errors import FetchError, FetchErrorCode, FetchFailed, FetchRefused
from exchange_apps.safe_fetch.fetch import MAX_BYTES, TOTAL_TIMEOUT, FetchedDocument, safe_call, safe_fetch, safe_post
from exchange_apps.safe_fetch.lookup import Resolve

__all__ = [
    "MAX_BYTES",
    "TOTAL_TIMEOUT",
    "FetchError",
    "FetchErrorCode",
    "FetchFailed",
    "FetchRefused",
    "FetchedDocument",
    "Resolve",
    "safe_call",
    "safe_fetch",
    "safe_post",
]
