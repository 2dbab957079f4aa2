"""Views of the OpenAPI document, the API reference page, and the JSON list of all calls."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.vary import vary_on_headers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from arena.api.conventions import list_rules
from arena.api.document import build_calls, build_document, render_code_spans
from arena.api.openapi import CALLS_TAG
from arena.api.serializers import CallListSchema
from arena.api.views import call_not_found
from core.http.errors import READ_METHODS, reject_unsafe_method
from core.http.openapi import describe_call


@csrf_exempt  # so that write requests get a 405 instead of a CSRF error
def show_schema(request: HttpRequest) -> HttpResponse:
    return reject_unsafe_method(request, "The OpenAPI document is read-only.") or JsonResponse(build_document())


@csrf_exempt  # so that write requests get a 404 instead of a CSRF error
def redirect_to_docs(request: HttpRequest) -> HttpResponse:
    """Redirect `/api/` to the API reference."""
    if request.method in READ_METHODS:
        return redirect("api-docs")
    return call_not_found(request)


@csrf_exempt  # so that write requests get a 405 instead of a CSRF error
def show_docs(request: HttpRequest) -> HttpResponse:
    if error_response := reject_unsafe_method(request, "This page is read-only."):
        return error_response
    context = {
        "first_calls": _build_first_calls(request),
        "rules": map(render_code_spans, list_rules()),
        "subjects": build_calls(),
    }
    return render(request, "arena/api/api_docs.html", context)


def _build_first_calls(request: HttpRequest) -> list[tuple[str, str]]:
    """Return titles and curl commands for trying the API. Only `KEY` and `ID` are placeholders."""
    battles_url = request.build_absolute_uri(reverse("battle-list"))
    board_url = request.build_absolute_uri(reverse("leaderboard-json"))
    curl_post = 'curl -H "Authorization: Bearer KEY" \\\n  -H "Content-Type: application/json"'
    return [
        (_("The leaderboard"), f"curl {board_url}"),
        (
            _("A battle, with a key from your account page"),
            f'{curl_post} \\\n  {battles_url} \\\n  -d \'{{"prompt": "Why is the sky blue?"}}\'',
        ),
        (
            _("Your vote, with the ID of the battle"),
            f'{curl_post} \\\n  {battles_url}ID/vote/ \\\n  -d \'{{"winner": "a"}}\'',
        ),
    ]


@method_decorator(vary_on_headers("Accept"), name="dispatch")
class CallListView(APIView):
    @describe_call("calls", tag=CALLS_TAG, response=CallListSchema, errors=(400, 401, 403, 429, 503))
    def get(self, request: Request) -> HttpResponse:
        """List all API calls.

        Returns the method, path, and title of every call. `schema` is the URL of the OpenAPI document, and `docs` is
        the URL of the API reference. If `Accept` prefers HTML, as in a browser, the response is a redirect to `docs`.
        """
        if request.get_preferred_type(["application/json", "text/html"]) == "text/html":
            return redirect("api-docs")
        overview = {
            "docs": request.build_absolute_uri(reverse("api-docs")),
            "schema": request.build_absolute_uri(reverse("api-schema")),
            "calls": [call for calls in build_calls().values() for call in calls],
        }
        return Response(CallListSchema(overview).data)
