"""Settings of the test suite: the product's own, on an embedded database unless TEST_DATABASE_URL names another."""

import os

from cryptography.fernet import Fernet

os.environ["COUNTERFOIL_ENV_FILE"] = ""
for name in ("DATABASE_URL", "REDIS_URL", "PUBLIC_URL", "TRUSTED_PROXIES", "TOKEN_PREFIX", "EXCHANGE_FAILURE_LIMIT"):
    os.environ.pop(name, None)
os.environ["SECRET_KEY"] = os.urandom(16).hex()
os.environ["ENCRYPTION_KEYS"] = Fernet.generate_key().decode()
os.environ["LOG_FORMAT"] = "json"
os.environ["DATABASE_URL"] = os.environ.get("TEST_DATABASE_URL") or "sqlite://:memory:"
os.environ["REDIS_URL"] = os.environ.get("TEST_REDIS_URL", "")

from config.settings import *  # noqa: E402, F403

PUBLIC_URL = "http://localhost:8000"
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
# Argon2 is slow on purpose; sign-in itself is tested with it by name
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", "django.contrib.auth.hashers.Argon2PasswordHasher"]
# Each process of the suite has counters of its own in the one Redis
REDIS_PREFIX = CACHES["default"]["KEY_PREFIX"] = f"counterfoil-test-{os.getpid()}"  # noqa: F405
