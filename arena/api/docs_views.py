"""The OpenAPI document for programs, a page made of it for people, and a list for whoever has only the address."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from arena.api import openapi
from arena.api.conventions import rules
from arena.api.document import calls, document, words
from arena.api.views import unknown
from core.http.errors import READS, not_read


@csrf_exempt  # so that whoever sends something is told that nothing can be sent
def schema(request: HttpRequest) -> HttpResponse:
    return not_read(request, "The document can only be read.") or JsonResponse(document())


@csrf_exempt  # so that whoever sends something is told that nothing is there
def home(request: HttpRequest) -> HttpResponse:
    """What stands above the API leads people to its page."""
    return redirect("api-docs") if request.method in READS else unknown(request)


@csrf_exempt  # see above
def docs(request: HttpRequest) -> HttpResponse:
    if refused := not_read(request, "The page can only be read."):
        return refused
    return render(request, "arena/api/api_docs.html", {"rules": map(words, rules()), "subjects": calls()})


class Calls(APIView):
    @openapi.calls
    def get(self, request: Request) -> Response:
        schema, docs = (request.build_absolute_uri(reverse(name)) for name in ("api-schema", "api-docs"))
        every = [
            {"method": call.method, "path": call.path, "title": call.title}
            for subject in calls().values()
            for call in subject
        ]
        return Response({"docs": docs, "schema": schema, "calls": every})
