"""The OpenAPI document for programs, and a page made of it for people."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from arena.api_document import calls, document


@require_safe
def schema(request: HttpRequest) -> HttpResponse:
    return JsonResponse(document())


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    return render(request, "arena/api_docs.html", {"subjects": calls()})
