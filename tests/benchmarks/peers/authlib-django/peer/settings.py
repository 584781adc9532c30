"""Django at its leanest: no middleware, persistent connections, server-side prepared statements."""

import json
import os

CONFIG = json.loads(os.environ["PEER_CONFIG"])

SECRET_KEY = CONFIG["secret_key"]
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "peer.urls"
INSTALLED_APPS = ["peer"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": CONFIG["database"]["name"],
        "USER": CONFIG["database"]["user"],
        "PASSWORD": CONFIG["database"]["password"],
        "HOST": CONFIG["database"]["host"],
        "PORT": CONFIG["database"]["port"],
        "CONN_MAX_AGE": None,
        "OPTIONS": {"server_side_binding": True, "prepare_threshold": 0},
    }
}
AUTHLIB_OAUTH2_PROVIDER = {"scopes_supported": ["read_builds"]}
