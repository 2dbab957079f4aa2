"""The OpenAPI document for programs, a page made of it for people, and a list for whoever has only the address."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from arena.api import openapi
from arena.api.conventions import list_rules
from arena.api.document import build_calls, build_document, render_code_spans
from arena.api.views import call_not_found
from core.http.errors import SAFE_METHODS, reject_unsafe_method


@csrf_exempt  # so that whoever sends something is told that nothing can be sent
def show_schema(request: HttpRequest) -> HttpResponse:
    return reject_unsafe_method(request, "The document can only be read.") or JsonResponse(build_document())


@csrf_exempt  # so that whoever sends something is told that nothing is there
def redirect_to_docs(request: HttpRequest) -> HttpResponse:
    """What stands above the API leads people to its page."""
    return redirect("api-docs") if request.method in SAFE_METHODS else call_not_found(request)


@csrf_exempt  # see above
def show_docs(request: HttpRequest) -> HttpResponse:
    if refused := reject_unsafe_method(request, "The page can only be read."):
        return refused
    return render(
        request, "arena/api/api_docs.html", {"rules": map(render_code_spans, list_rules()), "subjects": build_calls()}
    )


class CallListView(APIView):
    @openapi.call_list
    def get(self, request: Request) -> Response:
        schema, docs = (request.build_absolute_uri(reverse(name)) for name in ("api-schema", "api-docs"))
        every = [
            {"method": call.method, "path": call.path, "title": call.title}
            for subject in build_calls().values()
            for call in subject
        ]
        return Response({"docs": docs, "schema": schema, "calls": every})
