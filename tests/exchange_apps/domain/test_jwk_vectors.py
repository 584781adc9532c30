"""Keys published by Project Wycheproof, judged by our rules; skipped where the data is not at hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from exchange_apps.domain.jwk import KeyProblemCode, inspect_jwks
from exchange_apps.domain.private_material import PRIVATE_MEMBERS

VECTORS = Path(__file__).resolve().parents[4] / "shared" / "vectors" / "json_web_key_test.json"
GROUPS: list[dict[str, Any]] = json.loads(VECTORS.read_text())["testGroups"] if VECTORS.is_file() else []

pytestmark = pytest.mark.skipif(not GROUPS, reason="the published key vectors are not at hand")

# By the first test case of each group that has a public part.
EXPECTED_OF_PUBLIC = {
    5: [],
    6: [KeyProblemCode.USE, KeyProblemCode.ALGORITHM],
    7: [KeyProblemCode.ROCA],
    8: [KeyProblemCode.RSA_TOO_SMALL],
    9: [KeyProblemCode.EXPONENT_TOO_SMALL],
    19: [KeyProblemCode.ALGORITHM],
    20: [KeyProblemCode.ALGORITHM],
    21: [KeyProblemCode.USE],
    22: [KeyProblemCode.NOT_ON_CURVE],
    23: [KeyProblemCode.CURVE],
    24: [KeyProblemCode.ALGORITHM, KeyProblemCode.MEMBER_MISSING, KeyProblemCode.MEMBER_MISSING],
}


def test_published_public_keys_are_judged_as_expected() -> None:
    found = {
        group["tests"][0]["tcId"]: [problem.code for problem in inspect_jwks(group["public"]).all_problems]
        for group in GROUPS
        if "public" in group
    }
    assert found == EXPECTED_OF_PUBLIC


def test_no_published_set_with_a_private_or_secret_key_is_accepted() -> None:
    for group in GROUPS:
        inspection = inspect_jwks(group["private"])
        assert {problem.code for problem in inspection.all_problems} >= {KeyProblemCode.PRIVATE_MATERIAL}
        secrets = [entry[name] for entry in group["private"]["keys"] for name in PRIVATE_MEMBERS & entry.keys()]
        assert not any(secret in repr(inspection) for secret in secrets if len(secret) > 4)
