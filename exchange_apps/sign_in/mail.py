"""Mail whose sending must not take the time of an answer: how long that takes would tell whether there is such a
person."""

from __future__ import annotations

import logging
import threading

from django.core.mail import EmailMessage

logger = logging.getLogger(__name__)


def send_beside(message: EmailMessage) -> threading.Thread:
    """Send in a thread of its own. Lost when the server is unreachable or the process ends: people ask again."""
    sending = threading.Thread(target=_send, args=(message,), name="mail", daemon=True)
    sending.start()
    return sending


def _send(message: EmailMessage) -> None:
    try:
        message.send()
    except OSError as error:  # also SMTPException
        logger.error("mail could not be sent: %s", type(error).__name__)
