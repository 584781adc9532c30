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
CACHES: dict[str, dict[str, object]] = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": REDIS_PREFIX,
    }
    if REDIS_URL
    else {
        # Shared by all processes, as used codes and the limits of signing in must be
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "exchange_apps_cacheentry",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
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
AUDIT_RETENTION_DAYS = env.days("AUDIT_RETENTION_DAYS", least=30)
AUDIT_STREAM = env.stream("AUDIT_STREAM")
ID_TOKEN_ALGORITHM = env.choice("ID_TOKEN_ALGORITHM", "RS256", among=("RS256", "ES256"))
ID_TOKEN_MAX_LIFETIME = env.whole_number("ID_TOKEN_MAX_LIFETIME", 7200, least=60, most=7200)
EXCHANGE_FAILURE_LIMIT = env.whole_number("EXCHANGE_FAILURE_LIMIT", 60)
API_RATE_LIMIT = env.whole_number("API_RATE_LIMIT", 200)
API_USER_RATE_LIMIT = env.whole_number("API_USER_RATE_LIMIT", 50)

# --- letters --------------------------------------------------------------------------------------------------------
vars().update(env.email("EMAIL_URL"))
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.text("EMAIL_FROM", f"Counterfoil <counterfoil@{HOST}>")

# --- what the log needs and cannot have, knowing nothing of the rest (audit/proof/needs.py) ------------------------
AUDIT_CHECKPOINT_SIGNER = "oidc_issuer.checkpoints"
AUDIT_WRITERS_TURN = "exchange_apps.services.writers_turn.writers_turn"

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
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_htmx",  # for its static files
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
    "config.viewer.ViewersLanguageAndZone",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "exchange_apps.sign_in.reauthentication.Reauthentication",
    "exchange_apps.middleware.OrganizationAccessMiddleware",
    "config.organization_prefix.OrganizationPrefix",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
CONFIGURATION_SECTIONS = ["oidc_issuer.services.configuration.CLUSTERS", "oidc_issuer.services.configuration.PIPELINES"]
BEFORE_SERVING = ["rotate_signing_keys"]  # commands that `serve` and `run` call: a new installation has keys at once
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
                "config.shell.shell",
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
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Counterfoil",
    "DESCRIPTION": "The REST API of an organization. Callers are bearers of minted tokens.",
    "VERSION": "2",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "/static/portal/icon.svg",
    "SWAGGER_UI_SETTINGS": {"docExpansion": "list", "validatorUrl": None},
    "PREPROCESSING_HOOKS": ["exchange_apps.api.schema.only_the_api"],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "exchange_apps.api.schema.tag_by_resource",
    ],
    "ENUM_NAME_OVERRIDES": {
        "Role": "exchange_apps.models.Role",
        "TokenState": ["live", "expired", "revoked"],
        "InvitationState": ["pending", "expired"],
        "JobState": ["running", "finished"],
    },
}

# --- people ---------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "exchange_apps.User"
AUTHENTICATION_BACKENDS = ["exchange_apps.sign_in.backend.EmailBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "admin:index"
PASSWORD_RESET_TIMEOUT = 3600  # seconds
ACCOUNT_ADAPTER = "exchange_apps.sign_in.account_adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]  # nobody signs up; they must fit the methods
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_MAX_LENGTH = 320
ACCOUNT_EMAIL_VERIFICATION = "none"  # the address of a person is verified where the person is added
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "django.contrib.auth.tokens.PasswordResetTokenGenerator"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900  # seconds
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_FORMS = {
    "login": "exchange_apps.sign_in.forms.SignInForm",
    "reauthenticate": "exchange_apps.sign_in.forms.PasswordAgainForm",
    "change_password": "exchange_apps.sign_in.forms.ChangePasswordForm",
    "set_password": "exchange_apps.sign_in.forms.SetPasswordForm",
    "reset_password": "exchange_apps.sign_in.forms.ResetPasswordForm",
    "reset_password_from_key": "exchange_apps.sign_in.forms.NewPasswordForm",
}
MFA_ADAPTER = "exchange_apps.sign_in.mfa_adapter.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True  # an address that is verified is what only operators can give
MFA_RECOVERY_CODE_DIGITS = 10
MFA_TOTP_TOLERANCE = 1  # steps of 30 s; each code counts once all the same
MFA_FORMS = {
    "authenticate": "exchange_apps.sign_in.code_forms.CodeForm",
    "reauthenticate": "exchange_apps.sign_in.code_forms.CodeAgainForm",
    "activate_totp": "exchange_apps.sign_in.code_forms.ActivateTOTPForm",
    "add_webauthn": "exchange_apps.sign_in.passkey_forms.AddPasskeyForm",
    "authenticate_webauthn": "exchange_apps.sign_in.passkey_forms.PasskeyForm",
    "reauthenticate_webauthn": "exchange_apps.sign_in.passkey_forms.PasskeyAgainForm",
}
OIDC_SSO_ISSUER = env.address("OIDC_SSO_ISSUER", schemes=("https", "http"), example="https://login.example.com")
OIDC_SSO_CLIENT_ID = env.text("OIDC_SSO_CLIENT_ID")
OIDC_SSO_CLIENT_SECRET = env.text("OIDC_SSO_CLIENT_SECRET")
OIDC_SSO_NAME = env.text("OIDC_SSO_NAME", "single sign-on")
env.all_or_none("OIDC_SSO_CLIENT_ID", "OIDC_SSO_CLIENT_SECRET", needed_by="OIDC_SSO_ISSUER")
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [BASE_DIR / "config/locale"]
LANGUAGE_COOKIE_NAME = "counterfoil_language"
LANGUAGE_COOKIE_HTTPONLY, LANGUAGE_COOKIE_SAMESITE = True, "Lax"
LANGUAGE_COOKIE_AGE = 31_536_000
TIME_ZONE = "UTC"
USE_TZ = True

# --- the browser ----------------------------------------------------------------------------------------------------
HTTPS = PUBLIC_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = HTTPS
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
