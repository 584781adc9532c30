"""AWS IAM: an OIDC provider and a role. A trust policy sees `aud` and `sub`; all else travels as session tags."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from exchange_apps.domain.translatable import gettext_noop as _
from oidc_issuer.claims import AWS_TAGS_CLAIM
from oidc_issuer.federation.conditions import ABSENT, Condition, Row, shown
from oidc_issuer.federation.quoting import as_json, hcl
from oidc_issuer.federation.target import Caution, Paste, Place, Target, refused, wide
from oidc_issuer.federation.trust import RefKind, Trust
from oidc_issuer.token_request import IDTokenRequest

AUDIENCE = "sts.amazonaws.com"
_MOST_AUDIENCE, _MOST_TAGS, _MOST_TAG_VALUE, _MOST_POLICY = 255, 50, 256, 2048
_TAG_VALUE = re.compile(r"[\w\s.:/=+@-]*")


def trust_policy(trust: Trust) -> dict[str, Any]:
    """The role's trust policy document. Wildcards only work in StringLike; in StringEquals `*` is a plain character."""
    provider = _provider(trust)
    conditions: dict[str, dict[str, Any]] = {"StringEquals": {f"{provider}:aud": trust.audience}}
    subject = Condition("sub", trust.subjects)
    for key, condition in ((f"{provider}:sub", subject), *_tag_conditions(trust)):
        values = ["" if value is None else value for value in condition.values]
        operator = "StringLike" if condition.has_pattern else "StringEquals"
        conditions.setdefault(operator, {})[key] = values[0] if len(values) == 1 else values
    actions = ["sts:AssumeRoleWithWebIdentity", *(["sts:TagSession"] if session_tags(trust) else [])]
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Federated": _provider_arn(trust)},
                "Action": actions if len(actions) > 1 else actions[0],
                "Condition": conditions,
            }
        ],
    }


def session_tags(trust: Trust) -> tuple[str, ...]:
    """Those that were wished for, and those the trust policy reads."""
    needed = [condition.claim for condition in _narrowing(trust)]
    return tuple(dict.fromkeys((*needed, *trust.session_tags)))


def _narrowing(trust: Trust) -> tuple[Condition, ...]:
    """The composite subject says it all; beside another one, tags must."""
    return trust.narrowing() if trust.subject_claim else ()


def _tag_conditions(trust: Trust) -> list[tuple[str, Condition]]:
    return [(f"aws:RequestTag/{condition.claim}", _as_tag(condition)) for condition in _narrowing(trust)]


def _as_tag(condition: Condition) -> Condition:
    """Tags are texts: null is an empty one, and “any” is at least one character."""
    values = tuple({None: "", "*": "?*"}.get(value, value) for value in condition.values)
    return Condition(condition.claim, values)


def _provider(trust: Trust) -> str:
    return trust.issuer.removeprefix("https://").removeprefix("http://")


def _provider_arn(trust: Trust) -> str:
    return f"arn:aws:iam::{trust.places['account']}:oidc-provider/{_provider(trust)}"


def _pastes(trust: Trust) -> Iterator[Paste]:
    policy, role = as_json(trust_policy(trust)), trust.places["role"]
    yield Paste("trust-policy", _("Trust policy of the role"), policy)
    yield Paste(
        "cli",
        _("AWS CLI"),
        "# Once for each account; needs no thumbprint\n"
        f"aws iam create-open-id-connect-provider --url {shlex.quote(trust.issuer)}"
        f" --client-id-list {shlex.quote(trust.audience)}\n\n"
        "# trust-policy.json holds the trust policy\n"
        f"aws iam create-role --role-name {shlex.quote(role)}"
        " --assume-role-policy-document file://trust-policy.json",
    )
    arn = as_json(_provider_arn(trust))
    document = policy.replace(arn, "aws_iam_openid_connect_provider.counterfoil.arn").replace("\n", "\n  ")
    yield Paste(
        "terraform",
        _("Terraform"),
        'resource "aws_iam_openid_connect_provider" "counterfoil" {\n'
        f"  url            = {hcl(trust.issuer)}\n  client_id_list = [{hcl(trust.audience)}]\n}}\n\n"
        f'resource "aws_iam_role" "job" {{\n  name               = {hcl(role)}\n'
        f"  assume_role_policy = jsonencode({document})\n}}",
    )


def _cautions(trust: Trust) -> Iterator[Caution]:
    if re.search(r":\d+(?:/|$)", _provider(trust)):
        yield refused(_("AWS takes no issuer with a port."))
    if len(trust.audience) > _MOST_AUDIENCE:
        yield refused(_("AWS takes audiences of at most %(most)s characters."), most=_MOST_AUDIENCE)
    if len(tags := session_tags(trust)) > _MOST_TAGS:
        yield refused(_("AWS takes at most %(most)s session tags."), most=_MOST_TAGS)
    if len("".join(as_json(trust_policy(trust)).split())) > _MOST_POLICY:
        yield refused(
            _("AWS takes trust policies of %(most)s characters unless the quota is raised: choose fewer pipelines."),
            most=_MOST_POLICY,
        )
    if not trust.subject_claim:
        yield wide(
            _(
                "The composite subject holds slugs: whoever gives a pipeline this slug later is trusted. "
                "The subject claim pipeline_id never changes hands."
            )
        )
    if "build_branch" in tags and trust.ref_kind is not RefKind.BRANCH:
        yield wide(
            _("AWS refuses the whole call when a branch has a character that tags cannot hold, such as # or a comma.")
        )


def _tests(trust: Trust, claims: Mapping[str, Any]) -> Iterator[Row]:
    subject = Condition("sub", trust.subjects)
    seen = claims.get("sub", ABSENT)
    yield Row("sub", subject.holds(seen), subject.expected(), shown(seen))
    tags = _tags(claims)
    for name, values in tags.items():
        reason = _unusable(values)
        if reason:
            yield Row(f"{AWS_TAGS_CLAIM} {name}", False, reason, shown(values))
    for key, condition in _tag_conditions(trust):
        value = _only(tags.get(condition.claim))
        met = value not in (ABSENT, "") if condition.values == ("?*",) else condition.holds(value)
        yield Row(key, met, condition.expected() or '""', shown(value))


def _tags(claims: Mapping[str, Any]) -> Mapping[str, Any]:
    document = claims.get(AWS_TAGS_CLAIM)
    tags = document.get("principal_tags") if isinstance(document, dict) else None
    return tags if isinstance(tags, dict) else {}


def _only(values: Any) -> object:
    return values[0] if isinstance(values, list) and len(values) == 1 else ABSENT


def _unusable(values: Any) -> str:
    value = _only(values)
    if not isinstance(value, str):
        return "a list of one text"
    if len(value) > _MOST_TAG_VALUE:
        return f"at most {_MOST_TAG_VALUE} characters"
    return "" if _TAG_VALUE.fullmatch(value) else "letters, digits, spaces and _ . : / = + - @"


def _request(trust: Trust) -> IDTokenRequest:
    return IDTokenRequest(
        audience=trust.audience,
        lifetime=trust.lifetime,
        aws_session_tags=session_tags(trust),
        subject_claim=trust.subject_claim,
    )


def _use(trust: Trust) -> str:
    arn = f"arn:aws:iam::{trust.places['account']}:role/{trust.places['role']}"
    return (
        f"export AWS_ROLE_ARN={shlex.quote(arn)}\n"
        'export AWS_WEB_IDENTITY_TOKEN_FILE="$token_file"\naws sts get-caller-identity'
    )


AWS = Target(
    key="aws",
    label="AWS",
    algorithms=("RS256", "ES256"),
    clock_leeway=300,
    needs_public_issuer=True,
    places=(
        Place("account", _("AWS account"), "123456789012", r"\d{12}"),
        Place("role", _("Role"), "counterfoil-job", r"[\w+=,.@-]{1,64}"),
    ),
    default_audience=lambda places: AUDIENCE,
    pastes=_pastes,
    cautions=_cautions,
    tests=_tests,
    request=_request,
    use=_use,
)
