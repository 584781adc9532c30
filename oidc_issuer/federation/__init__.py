"""What others want to be told before they trust our ID tokens, and what they refuse. Pure; a module for each target."""

from oidc_issuer.federation.aws import AWS
from oidc_issuer.federation.azure import AZURE
from oidc_issuer.federation.cautions import cautions
from oidc_issuer.federation.conditions import Row
from oidc_issuer.federation.counterfoil import COUNTERFOIL
from oidc_issuer.federation.google import GOOGLE
from oidc_issuer.federation.kubernetes import KUBERNETES
from oidc_issuer.federation.request_step import request_step
from oidc_issuer.federation.target import Caution, Paste, Place, Severity, Target
from oidc_issuer.federation.trial import trial
from oidc_issuer.federation.trust import RefKind, Trust, TrustedPipeline
from oidc_issuer.federation.vault import VAULT

TARGETS: dict[str, Target] = {target.key: target for target in (AWS, GOOGLE, AZURE, VAULT, KUBERNETES, COUNTERFOIL)}

__all__ = [
    "TARGETS",
    "Caution",
    "Paste",
    "Place",
    "RefKind",
    "Row",
    "Severity",
    "Target",
    "Trust",
    "TrustedPipeline",
    "cautions",
    "request_step",
    "trial",
]
