"""What a job writes to get its token: buildkite-agent's command with the options that fit."""

from __future__ import annotations

import shlex

from oidc_issuer.token_request import IDTokenRequest

_NEXT_LINE = " \\\n  "


def agent_arguments(request: IDTokenRequest, *, between: str = " ") -> str:
    """The options of `buildkite-agent oidc request-token`, quoted for a shell."""
    options = [("--audience", request.audience), ("--lifetime", str(request.lifetime))]
    if request.subject_claim:
        options.append(("--subject-claim", request.subject_claim))
    options += [("--claim", ",".join(request.claims))] if request.claims else []
    options += [("--aws-session-tag", ",".join(request.aws_session_tags))] if request.aws_session_tags else []
    return between.join(f"{name} {shlex.quote(value)}" for name, value in options)


def request_step(request: IDTokenRequest, *, endpoint: str, use: str) -> str:
    """The script of a step. The token goes into a file that nobody else can read."""
    return (
        f"export BUILDKITE_AGENT_ENDPOINT={shlex.quote(endpoint)}\n"
        'umask 077\ntoken_file="$(mktemp)"\ntrap \'rm -f "$token_file"\' EXIT\n'
        "buildkite-agent oidc request-token \\\n"
        f'  {agent_arguments(request, between=_NEXT_LINE)} > "$token_file"\n\n{use}\n'
    )
