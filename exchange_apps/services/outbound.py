"""Asking a customer's host, with this installation's rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.conf import settings

from exchange_apps.domain.jwk import KeyProblem
from exchange_apps.safe_fetch import FetchedDocument, FetchError, safe_fetch, safe_post


@dataclass(frozen=True, slots=True)
class FetchFailure:
    """Why a fetch brought nothing usable: a code for programs, a sentence for people, the HTTP status if any."""

    code: str
    sentence: str
    status: int | None = None
    problems: tuple[KeyProblem, ...] = ()


def fetch_document(uri: str, *, etag: str | None = None) -> FetchedDocument | FetchFailure:
    """What a host answers now, or why it gave nothing. Raises nothing for what a host does.

    Not to be called inside a transaction: a fetch may take five seconds.
    """
    return _asked(partial(safe_fetch, uri, etag=etag))


def post_message(
    uri: str, body: bytes, headers: Mapping[str, str], *, total_timeout: float
) -> FetchedDocument | FetchFailure:
    """What came of posting a message, under the same rules; takes at most `total_timeout` seconds."""
    return _asked(partial(safe_post, uri, body=body, headers=headers, total_timeout=total_timeout))


def _asked(call: Any) -> FetchedDocument | FetchFailure:
    try:
        found: FetchedDocument = call(
            allowed_networks=settings.OUTBOUND_ALLOWED_NETWORKS,
            user_agent=f"Counterfoil (+{settings.PUBLIC_URL})",
            ca_bundle=settings.OUTBOUND_CA_BUNDLE or None,
        )
    except FetchError as error:
        return FetchFailure(error.code.value, error.sentence, error.status)
    except OSError:  # safe_fetch raises it for this reason alone
        sentence = "The file that OUTBOUND_CA_BUNDLE names cannot be read; the operator of this server can mend that."
        return FetchFailure("ca_bundle_unreadable", sentence)
    return found
