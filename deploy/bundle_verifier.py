"""Puts the verifying modules of `audit/proof` into one file that needs nothing of ours: verify_audit_export.py.

python deploy/bundle_verifier.py
"""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "deploy" / "verify_audit_export.py"
MODULES = (  # each needs only those before it
    "canonical_json",
    "hash_chain",
    "merkle",
    "checkpoint_jws",
    "findings",
    "sealed_event",
    "chain_verifier",
    "log_verifier",
    "inclusion",
    "standalone",
)
HEAD = '''#!/usr/bin/env python3
"""Verify an export of Counterfoil's audit log, or the proof of one event, without trusting whoever made it.

    python verify_audit_export.py export.ndjson --keys keys.json
    python verify_audit_export.py --proof proof.json --keys keys.json

Needs Python 3.11 or later and the package `cryptography`. The keys are those published at
/.well-known/audit-checkpoint-keys.json. Exit status 0: no findings; 1: findings; 2: asked wrongly.
The format is described in docs/audit-log.md. Made by deploy/bundle_verifier.py from the modules named below.
"""

from __future__ import annotations
'''


def bundle() -> str:
    imports: set[str] = set()
    bodies = []
    for name in MODULES:
        source = (ROOT / "audit" / "proof" / f"{name}.py").read_text()
        lines = source.splitlines()
        module = ast.parse(source)
        rest = 0
        for node in module.body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                text = "\n".join(lines[node.lineno - 1 : node.end_lineno])
                if not text.startswith(("from audit", "from __future__")):
                    imports.add(text)
                rest = node.end_lineno or 0
        title = "\n".join(f"# {line}".rstrip() for line in (ast.get_docstring(module) or "").splitlines())
        bodies.append(f"# {'-' * 20} audit/proof/{name}.py\n{title}\n\n" + "\n".join(lines[rest:]).strip())
    plain = sorted(line for line in imports if line.startswith("import"))
    names = sorted(line for line in imports if line.startswith("from"))
    end = 'if __name__ == "__main__":\n    sys.exit(main())\n'
    return "\n".join([HEAD, *plain, *_merged(names), "\n", "\n\n\n".join(bodies), "\n", end])


def _merged(imports: list[str]) -> list[str]:
    """One line for each module that names are taken from."""
    names: dict[str, set[str]] = {}
    for node in ast.parse("\n".join(imports)).body:
        if isinstance(node, ast.ImportFrom):
            names.setdefault(str(node.module), set()).update(alias.name for alias in node.names)
    return [f"from {module} import {', '.join(sorted(given))}" for module, given in sorted(names.items())]


if __name__ == "__main__":
    TARGET.write_text(bundle())
    TARGET.chmod(0o755)
