"""What is wrong or risky whatever the target: an issuer nobody can reach, no subject, trust in everybody."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from urllib.parse import urlsplit

from exchange_apps.domain.translatable import gettext_noop as _
from oidc_issuer.federation.target import Caution, Severity, Target, refused, wide
from oidc_issuer.federation.trust import RefKind, Trust

_PRIVATE_SUFFIXES = (".localhost", ".local", ".internal", ".lan", ".home", ".corp", ".test", ".home.arpa")
_PASSING = ("build_id", "job_id")


def cautions(target: Target, trust: Trust) -> list[Caution]:
    """The target's own and those of any, the refusals first."""
    found = [*_issuer(target, trust), *_token(target, trust), *target.cautions(trust), *_scope(trust)]
    return sorted(found, key=lambda caution: caution.severity is not Severity.REFUSED)


def _issuer(target: Target, trust: Trust) -> Iterator[Caution]:
    if not trust.issuer.startswith("https://"):
        yield refused(_("The issuer must be https: set PUBLIC_URL, which is %(issuer)s now."), issuer=trust.issuer)
    if target.needs_public_issuer and _is_private(str(urlsplit(trust.issuer).hostname or "")):
        yield refused(
            _("%(target)s fetches our keys from the internet and cannot reach %(issuer)s."),
            target=target.label,
            issuer=trust.issuer,
        )


def _is_private(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith(_PRIVATE_SUFFIXES)


def _token(target: Target, trust: Trust) -> Iterator[Caution]:
    if trust.algorithm not in target.algorithms:
        yield refused(
            _("%(target)s takes %(wanted)s only, and this installation signs ID tokens with %(algorithm)s."),
            target=target.label,
            wanted=", ".join(target.algorithms),
            algorithm=trust.algorithm,
        )
    if trust.allowed_audiences and trust.audience not in trust.allowed_audiences:
        yield refused(
            _("The audience %(audience)s is not on the organization’s list: jobs cannot ask for it."),
            audience=trust.audience,
        )
    if not trust.subjects:
        yield refused(
            _("Nothing is chosen for the subject claim %(claim)s: nobody would be trusted."), claim=trust.subject_claim
        )


def _scope(trust: Trust) -> Iterator[Caution]:
    if trust.subject_claim in _PASSING:
        yield wide(_("%(claim)s is another one for every build: good for one only."), claim=trust.subject_claim)
    if not trust.pipelines and trust.subject_claim in ("", "organization_id"):
        yield wide(_("Every pipeline of the organization is trusted, those of tomorrow too."))
    elif trust.subject_claim in ("cluster_id", "queue_id") and not trust.pipelines:
        yield wide(_("Every pipeline that runs there is trusted, whoever may change its steps."))
    if trust.ref_kind is RefKind.ANY:
        yield wide(
            _(
                "Any branch and tag is trusted: also the builds of pull requests, and of forks where the scheduler "
                "builds them. Name a branch."
            )
        )
    elif not trust.ref.strip("*"):
        yield wide(_("Every branch or tag of this kind is trusted: whoever may push one gets in."))
    elif "*" in trust.ref:
        yield wide(_("%(ref)s: * stands for any text, slashes too."), ref=trust.ref)
