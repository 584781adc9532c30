"""Realistic tokens of the CI systems, from a loopback issuer found by discovery, in every wire shape."""

from __future__ import annotations

import time
from typing import Any

import pytest

from exchange_apps.domain.identity_presets import Preset
from exchange_apps.models import IdentityProvider
from tests.conftest import denials
from tests.exchange_apps.workloads.conftest import IN_EVERY_SHAPE, SaveProvider, Send, Shape
from tests.exchange_apps.workloads.payloads import PAYLOADS, RULES, STRANGERS
from tests.keys import ABSENT
from tests.oidc_issuer_host import Issuer

OTHERS = dict.fromkeys(("repository", "repository_id", "repository_owner", "repository_owner_id", "ref"), ABSENT)
OTHERS |= dict.fromkeys(("ref_type", "event_name"), ABSENT)


def token_of(issuer: Issuer, preset: Preset, **changes: Any) -> str:
    now = int(time.time())
    times: dict[str, Any] = (
        {"nbf": now - 600} if preset is Preset.GITHUB_ACTIONS else {"nbf": ABSENT, "exp": now + 3600}
    )
    return issuer.id_token(**OTHERS | times | PAYLOADS[preset] | changes)


@IN_EVERY_SHAPE
@pytest.mark.parametrize("preset", PAYLOADS)
def test_a_job_of_each_system_is_known(
    save_provider: SaveProvider, send: Send, issuer: Issuer, shape: Shape, preset: Preset
) -> None:
    provider = IdentityProvider.objects.get()
    save_provider(provider, policy=[{"scopes": ["read_builds"], "claims": RULES[preset]}])
    assert send(token_of(issuer, preset), shape=shape).status_code == 200
    changed, rule = STRANGERS[preset]
    assert send(token_of(issuer, preset, **changed), shape=shape).status_code == 400
    row = denials()[-1].data["receipt"][-1]
    assert (row["check"], row["expected"]) == ("statement", f"statement 1: {rule}")
