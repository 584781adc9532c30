"""Settings of the log's benchmark: the product's own, with a secret of its own and no limits."""

import os

from cryptography.fernet import Fernet

os.environ["COUNTERFOIL_ENV_FILE"] = ""
os.environ |= {"SECRET_KEY": os.urandom(32).hex(), "ENCRYPTION_KEYS": Fernet.generate_key().decode()}
os.environ |= {"API_RATE_LIMIT": "0", "API_USER_RATE_LIMIT": "0", "ALLOWED_HOSTS": "localhost", "REDIS_URL": ""}

from config.settings import *  # noqa: F403
