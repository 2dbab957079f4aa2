"""URLs of the service."""

from django.contrib import admin
from django.urls import include, path, re_path

from arena import urls as arena_urls
from arena.api import docs_views
from arena.api import views as arena_api
from catalog import urls as catalog_urls
from config.server import security_txt
from core.admin.registration import register_pages
from evaluations import urls as evaluations_urls
from ratings import urls as ratings_urls

register_pages()

handler400 = "core.http.error_pages.handle_bad_request"
handler404 = "core.http.error_pages.handle_not_found"
handler429 = "core.http.error_pages.handle_too_many_attempts"
handler500 = "core.http.error_pages.handle_server_error"
urlpatterns = [
    # The API comes first, because it has the most requests and Django tries the paths in order.
    path("api/v1/", include([*arena_urls.api, *ratings_urls.api, *catalog_urls.api, *evaluations_urls.api])),
    *arena_urls.pages,
    *ratings_urls.pages,
    *catalog_urls.pages,
    *evaluations_urls.pages,
    *arena_urls.accounts,
    path("api/schema/", docs_views.show_schema, name="api-schema"),
    path("api/docs/", docs_views.show_docs, name="api-docs"),
    path("api/", docs_views.redirect_to_docs, name="api"),
    re_path(r"^api/", arena_api.call_not_found),
    path("admin/", admin.site.urls),
    path(".well-known/security.txt", security_txt.show_security_txt),
]
