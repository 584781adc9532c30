"""The periodic jobs of the issuer. Each is safe to run twice at once."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from audit.origin import RequestOrigin
from audit.parties import SYSTEM
from exchange_apps.services.audited_changes import Author
from oidc_issuer.services.pruning import prune_jobs
from oidc_issuer.services.signing_keys import encrypt_private_keys_anew, tend_signing_keys


@shared_task(name="oidc_issuer.rotate_signing_keys")
def rotate_signing_keys() -> None:
    tend_signing_keys(author=Author(SYSTEM, RequestOrigin(None, "", "", "SystemContext"), timezone.now()))
    encrypt_private_keys_anew()


@shared_task(name="oidc_issuer.prune_jobs")
def prune_jobs_task() -> int:
    return prune_jobs(now=timezone.now())
