"""The letter that carries an invitation's link. Nothing else ever holds its secret."""

from __future__ import annotations

import logging

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string

from exchange_apps.models import Invitation
from exchange_apps.services.audited_changes import Author

logger = logging.getLogger(__name__)


def send_letter(invitation: Invitation, secret: str, author: Author) -> None:
    """Send it, in the language of whoever invites, and note that it went; a mail server in trouble is logged only."""
    context = {
        "invitation": invitation,
        "organization": invitation.organization,
        "inviter": _one_line(str(invitation.invited_by or author.actor.name)),
        "link": f"{settings.PUBLIC_URL}/invitations/{secret}",
        "host": settings.PUBLIC_URL,
    }
    subject = _one_line(render_to_string("mail/invitation_subject.txt", context))
    body = render_to_string("mail/invitation.txt", context)
    try:
        send_mail(subject, body, settings.DEFAULT_FROM_EMAIL, [invitation.email])
    except OSError as error:  # smtplib's own are among them
        logger.warning("invitation not sent", extra={"invitation": str(invitation.pk), "error": type(error).__name__})
        return
    invitation.sent_at = author.now
    Invitation.objects.filter(pk=invitation.pk, digest=invitation.digest).update(sent_at=author.now)


def _one_line(text: str) -> str:
    """Names are somebody's own choice: a line break in one must not become a header."""
    return " ".join(text.split())
