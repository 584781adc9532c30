"""How the log is proven: the published format, sealing, checkpoints, verification and retention (docs/audit-log.md).

`canonical_json`, `hash_chain`, `merkle`, `checkpoint_jws`, `findings`, `chain_verifier`, `log_verifier` and `inclusion`
need nothing but the standard library and `cryptography`: `deploy/verify_audit_export.py` is made of them.
"""
