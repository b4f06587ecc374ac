"""Every address of the site, and which package answers it."""

from __future__ import annotations

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path
from wagtail.admin import urls as wagtailadmin_urls
from wagtail.documents import urls as wagtaildocs_urls

from broadsheet.conf.media import serve_media

urlpatterns: list[URLPattern | URLResolver] = [
    path("desk/", include("broadsheet.desk.urls")),
    path("desk/", include(wagtailadmin_urls)),
    path("documents/", include(wagtaildocs_urls)),
    path("accounts/", include("broadsheet.web.allauth_urls")),
    path("", include("broadsheet.web.urls")),
]

handler403 = "broadsheet.web.errors.forbidden"
handler404 = "broadsheet.web.errors.not_found"
handler500 = "broadsheet.web.errors.server_error"

if settings.BROADSHEET.demo:
    urlpatterns.insert(0, path("", include("broadsheet.demo.urls")))

if settings.MEDIA_URL.startswith("/"):
    urlpatterns.insert(0, path(f"{settings.MEDIA_URL.strip('/')}/<path:path>", serve_media))
