"""Django settings, read from the environment by `config/env.py`. docs/operations.md explains each variable."""

import sys
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from csp.constants import NONE, SELF
from django.core.management.utils import get_random_secret_key

from config import env

env.read_env_file()

BASE_DIR = env.BASE_DIR
VAR_DIR = env.VAR_DIR

# --- where we are ---------------------------------------------------------------------------------------------------
PORT = env.whole_number("PORT", 8000, least=1, most=65535)
PUBLIC_URL = env.public_url(default=f"http://localhost:{PORT}")
HOST = str(urlsplit(PUBLIC_URL).hostname)
DEBUG = False
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS") or [
    HOST,
    *(["localhost", "127.0.0.1", "[::1]"] if env.is_loopback(HOST) else []),
]
TRUSTED_PROXIES = env.networks("TRUSTED_PROXIES")
OUTBOUND_ALLOWED_NETWORKS = env.networks("OUTBOUND_ALLOWED_NETWORKS")
OUTBOUND_CA_BUNDLE = env.text("OUTBOUND_CA_BUNDLE")

# --- what we keep ---------------------------------------------------------------------------------------------------
DATABASES = {"default": env.database()}
EMBEDDED = DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = env.address("REDIS_URL", schemes=("redis", "rediss", "unix"), example="redis://127.0.0.1:6379/0")
REDIS_PREFIX = "counterfoil"  # the server may serve others as well
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}
SECRET_KEY = env.generated("SECRET_KEY", get_random_secret_key, embedded=EMBEDDED)
ENCRYPTION_KEYS = env.fernet_keys(
    "ENCRYPTION_KEYS",
    env.generated("ENCRYPTION_KEYS", lambda: Fernet.generate_key().decode(), embedded=EMBEDDED)
    .replace(" ", "")
    .split(","),
)

# --- what runs in the background ------------------------------------------------------------------------------------
CELERY_BROKER_URL, QUEUE_DIR = env.broker("CELERY_BROKER_URL", REDIS_URL, DATABASES["default"])
CELERY_BROKER_EMBEDDED = QUEUE_DIR is not None
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {name: str(QUEUE_DIR) for name in ("data_folder_in", "data_folder_out", "control_folder")} if QUEUE_DIR else {}
)
CELERY_WORKER_ENABLE_REMOTE_CONTROL = not CELERY_BROKER_EMBEDDED  # it would fill the folder with files
CELERY_TASK_DEFAULT_QUEUE = "counterfoil"  # the broker may serve others as well
CELERY_TASK_IGNORE_RESULT = True  # what a job did is in the log
CELERY_TASK_SOFT_TIME_LIMIT, CELERY_TASK_TIME_LIMIT = 55, 60  # seconds; in threads nobody enforces it: jobs end by 45
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BEAT_SCHEDULE_FILENAME = str((QUEUE_DIR.parent if QUEUE_DIR else VAR_DIR) / "beat-schedule")

# --- what we promise ------------------------------------------------------------------------------------------------
TOKEN_PREFIX = env.matching("TOKEN_PREFIX", "bktx_", r"[A-Za-z0-9_]{1,20}", "is not 1 to 20 letters, digits and _")
EXCHANGE_FAILURE_LIMIT = env.whole_number("EXCHANGE_FAILURE_LIMIT", 60)

# --- how it is put together -----------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "config.apps.PortalConfig",
    "audit",
    "exchange_apps",
    "oidc_issuer",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "csp",
]
MIDDLEWARE = [
    "exchange_apps.middleware.RequestIdentity",
    "config.machine_endpoints.MachineEndpoints",
    "exchange_apps.middleware.ForwardedScheme",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "exchange_apps.middleware.OrganizationAccessMiddleware",
    "config.organization_prefix.OrganizationPrefix",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "libraries": {"portal": "config.portal_tags"},
        },
    }
]
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "UNAUTHENTICATED_USER": None,
}

# --- people ---------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "exchange_apps.User"
AUTHENTICATION_BACKENDS = ["exchange_apps.sign_in.EmailBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "admin:login"
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True

# --- the browser ----------------------------------------------------------------------------------------------------
HTTPS = PUBLIC_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "counterfoil_session"
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    }
}
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True  # a clone serves its own files; no collectstatic step to forget
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576

LOG_FORMAT = env.choice("LOG_FORMAT", "console" if sys.stderr.isatty() else "json", among=("console", "json"))
LOGGING_CONFIG = "config.logs.configure"
LOGGING = {"format": LOG_FORMAT}
