"""Django's settings, derived from the installation; operators set `BROADSHEET_…` only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from broadsheet.conf.databases import database_settings
from broadsheet.conf.environment import read_installation

BROADSHEET = read_installation()
PACKAGE = Path(__file__).resolve().parent.parent

SECRET_KEY = BROADSHEET.secret_key
DEBUG = False
ALLOWED_HOSTS = [BROADSHEET.host, "localhost", "127.0.0.1", "[::1]"] if not BROADSHEET.is_secure else [BROADSHEET.host]
ROOT_URLCONF = "broadsheet.conf.urls"
WSGI_APPLICATION = "broadsheet.conf.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "broadsheet.conf",
    "broadsheet.core",
    "broadsheet.publication",
    "broadsheet.mail",
    "broadsheet.accounts",
    "broadsheet.library",
    "broadsheet.membership",
    "broadsheet.ads",
    "broadsheet.billing",
    "broadsheet.paywall",
    "broadsheet.shelves",
    "broadsheet.figures",
    "broadsheet.pages",
    "broadsheet.web",
    "broadsheet.desk",
    *(["broadsheet.demo"] if BROADSHEET.demo else []),
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "wagtail.contrib.settings",
    "wagtail.contrib.table_block",
    "wagtail.sites",
    "broadsheet.desk.users_app.StaffUsersConfig",
    "wagtail.snippets",
    "wagtail.documents",
    "wagtail.images",
    "wagtail.search",
    "wagtail.admin",
    "wagtail",
    "modelcluster",
    "taggit",
    "django_tasks",
    "django_tasks_db",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "broadsheet.conf.watch.requests.RequestMiddleware",
    *(["broadsheet.demo.middleware.DemoClockMiddleware"] if BROADSHEET.demo else []),
    "django.middleware.security.SecurityMiddleware",
    "broadsheet.conf.headers.SecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "broadsheet.web.outage_middleware.OutageMiddleware",
    "broadsheet.web.sharing_middleware.SharingMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "broadsheet.desk.sign_in.SecondFactorMiddleware",
    "broadsheet.web.pass_middleware.PassMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "wagtail.contrib.settings.context_processors.settings",
                "broadsheet.web.context.allauth_pages",
            ],
        },
    },
]

DATABASES: dict[str, dict[str, Any]] = {"default": database_settings(BROADSHEET.database_url)}

CACHES = {
    "default": {"BACKEND": "broadsheet.core.cache.DatabaseCache", "LOCATION": "core_cache"},
    "renditions": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
}

# Wagtail queues a task at each save; run at once they keep the desk's lists right without a worker.
TASKS = {
    "default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"},
    "jobs": {"BACKEND": "django_tasks_db.DatabaseBackend"},
}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
SESSION_COOKIE_AGE = 180 * 24 * 3600
SESSION_COOKIE_NAME = "broadsheet_session"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BROADSHEET.is_secure
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "broadsheet.web.errors.forbidden"
CSRF_TRUSTED_ORIGINS = [BROADSHEET.site_url]
# TLS ends at the proxy. Whoever says so by themselves gains nothing: Django then asks more of their forms, not less.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BROADSHEET.is_secure else None
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
X_FRAME_OPTIONS = "SAMEORIGIN"

LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/account/"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_ADAPTER = "broadsheet.web.adapter.AccountAdapter"
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not BROADSHEET.is_secure
# Reading writes nothing: the list of sign-ins tells since when, not how lately.

LANGUAGE_CODE = "en-gb"
TIME_ZONE = BROADSHEET.time_zone
USE_TZ = True
USE_I18N = True

STATIC_URL = "/static/"
STATIC_ROOT = BROADSHEET.data_dir / "static"
STATICFILES_DIRS = [PACKAGE / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "broadsheet.conf.static_storage.LastingStaticFilesStorage"},
}
MEDIA_ROOT = BROADSHEET.media_dir
MEDIA_URL = BROADSHEET.media_url

WAGTAIL_SITE_NAME = "Broadsheet"
WAGTAILADMIN_BASE_URL = BROADSHEET.site_url
WAGTAILADMIN_LOGIN_URL = "/login/"
WAGTAIL_PASSWORD_MANAGEMENT_ENABLED = False
WAGTAILUSERS_PASSWORD_ENABLED = False
WAGTAIL_PASSWORD_RESET_ENABLED = False
WAGTAIL_EMAIL_MANAGEMENT_ENABLED = False
WAGTAIL_ENABLE_UPDATE_CHECK = False
WAGTAIL_GRAVATAR_PROVIDER_URL = None
WAGTAIL_I18N_ENABLED = False
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000  # an article of 200 blocks posts about 1,500
# Wagtail saves a draft this long after the last key; half a second, its default, costs a render per word.
WAGTAIL_AUTOSAVE_INTERVAL = 2000
WAGTAILADMIN_NOTIFICATION_INCLUDE_SUPERUSERS = False
WAGTAILADMIN_NOTIFICATION_FROM_EMAIL = BROADSHEET.mail_from
EMAIL_BACKEND = "broadsheet.mail.staff_backend.OutboxBackend"
DEFAULT_FROM_EMAIL = BROADSHEET.mail_from
WAGTAILDOCS_EXTENSIONS = ["csv", "docx", "epub", "odt", "pdf", "txt", "xlsx", "zip"]
WAGTAILIMAGES_IMAGE_MODEL = "library.Photo"
WAGTAILIMAGES_IMAGE_FORM_BASE = "broadsheet.desk.photo_forms.PhotoForm"
WAGTAILIMAGES_MAX_UPLOAD_SIZE = 25 * 1024 * 1024
# 60 megapixels need about 180 MB while a rendition is made; cameras of 45 and phones of 50 stay below.
WAGTAILIMAGES_MAX_IMAGE_PIXELS = 60_000_000
WAGTAILIMAGES_EXTENSIONS = ["avif", "gif", "jpg", "jpeg", "png", "webp", "svg"]
WAGTAILSEARCH_BACKENDS = {"default": {"BACKEND": "wagtail.search.backends.database", "AUTO_UPDATE": True}}

IS_JSON_LOG = BROADSHEET.log_format == "json"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": f"broadsheet.conf.watch.log_lines.{'JsonFormatter' if IS_JSON_LOG else 'TextFormatter'}",
            "fmt": "%(asctime)s %(levelname)s %(name)s %(message)s",
        }
    },
    "filters": {"tracebacks": {"()": "broadsheet.conf.watch.log_lines.HasTraceback"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "line"},
        "troubles": {"class": "logging.StreamHandler", "formatter": "line", "level": "WARNING"},
        "counts": {"class": "broadsheet.conf.watch.log_lines.CountingHandler", "level": "WARNING"},
    },
    "root": {"handlers": ["stderr", "counts"], "level": "WARNING"},
    "loggers": {
        "broadsheet": {"level": "INFO"},
        # A line for each request would bury what somebody at a terminal wants to see.
        "broadsheet.request": {"level": "INFO" if IS_JSON_LOG else "ERROR"},
        # These have their line of the request already; Django's own would only repeat the path, or a stranger's idea of our name.
        "django.request": {"level": "ERROR", "filters": ["tracebacks"]},
        "django.security.DisallowedHost": {"level": "CRITICAL"},
        "django": {"handlers": [], "propagate": True},
        "_granian": {"handlers": ["stderr", "counts"], "propagate": False},
        # The worker of jobs sets its own loggers to INFO, a line for each job; the handler lets troubles through only.
        "django_tasks": {"handlers": ["troubles", "counts"], "propagate": False},
        "django_tasks_db": {"handlers": ["troubles", "counts"], "propagate": False},
    },
}
