"""The call of the API that tells what a rating costs."""

import orjson
from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from ratings import frontier, snapshots
from ratings.api import PARAMETERS

AGAINST = OpenApiParameter("against", str, enum=frontier.AGAINST, default=frontier.PRICE)


class Frontier(APIView):
    @extend_schema(operation_id="leaderboard_frontier", parameters=[*PARAMETERS, AGAINST], responses={200: dict})
    def get(self, request: Request) -> HttpResponse:
        asked = snapshots.asked(request.query_params)
        found = frontier.against(asked, request.query_params.get("against") or frontier.PRICE)
        return HttpResponse(orjson.dumps(found, option=orjson.OPT_UTC_Z), content_type="application/json")
