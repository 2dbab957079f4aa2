"""All addresses of the service."""

from django.contrib import admin
from django.urls import include, path, re_path

from arena import api as arena_api
from arena import api_pages
from arena import urls as arena_urls
from arena.page_charges import charge_all, charge_reads
from catalog import urls as catalog_urls
from config import security_contact
from ratings import urls as ratings_urls

handler400 = "arena.errors.bad_request"
handler404 = "arena.errors.not_found"
handler429 = "arena.errors.too_many_attempts"
handler500 = "arena.errors.server_error"
urlpatterns = [
    *charge_reads([*arena_urls.pages, *ratings_urls.pages, *catalog_urls.pages]),
    *charge_all(arena_urls.accounts),
    path("api/v1/", include(charge_reads([*arena_urls.api, *ratings_urls.api, *catalog_urls.api]))),
    path("api/schema/", api_pages.schema, name="api-schema"),
    path("api/docs/", api_pages.docs, name="api-docs"),
    path("api/", api_pages.home, name="api"),
    re_path(r"^api/", arena_api.unknown),
    path("admin/", admin.site.urls),
    path(".well-known/security.txt", security_contact.security_txt),
]
