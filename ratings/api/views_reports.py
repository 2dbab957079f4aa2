"""REST API for reports on boards: certificates, changes, and the method."""

from django.http import HttpResponseBase
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.views import APIView

from arena.models import LIVE_POOL
from ratings.api import parameters, serializers_reports
from ratings.api.views import build_json_response, describe_board_call, parse_time
from ratings.boards import snapshots
from ratings.reports import method_figures, movements, order_certificate


class CertificateView(APIView):
    @describe_board_call(
        "leaderboard_certificate",
        response=serializers_reports.CertificateSchema,
        parameters=parameters.NEWEST_BOARD_PARAMETERS,
    )
    def get(self, request: Request) -> HttpResponseBase:
        """Get a board's certificate.

        Returns how many voters would have to be removed to change the order of each pair of neighbors, and to put any
        other ranked model ahead of the first one. The exact number is between `at_least` and `at_most`. Only votes
        older than a day are used, so the order can differ from the newest board. Certificates are updated about once a
        minute. Numbers are null for votes whose voters are unknown, for models with an open interval, between models
        that are not connected, for Elo, and under style control.
        """
        board_key = snapshots.parse_api_board_key(request.query_params)
        certificate = order_certificate.load_certificate(board_key)
        return build_json_response(request, serializers_reports.CertificateSchema(certificate).data)


class MovementReportView(APIView):
    @describe_board_call(
        "leaderboard_moved",
        response=serializers_reports.MovementReportSchema,
        parameters=[
            *parameters.NEWEST_BOARD_PARAMETERS,
            OpenApiParameter(
                "since", str, description=f"Start. The default is a day before the end. {parameters.TIME_FORMAT}."
            ),
            OpenApiParameter("until", str, description=f"End. The default is now. {parameters.TIME_FORMAT}."),
        ],
    )
    def get(self, request: Request) -> HttpResponseBase:
        """List changes to a board.

        Compares the newest boards at or before two times. A change in rating is significant if the current rating lies
        outside the earlier interval. A change in rank is significant if the current rank, among only those models that
        are ranked on both boards, lies outside the earlier rank range. A change in tier is always significant. The
        response also contains the votes per day.
        """
        since, until = (parse_time(request, name) for name in ("since", "until"))
        board_key = snapshots.parse_api_board_key(request.query_params)
        report = movements.build_movement_report(board_key, since, until)
        fields = {**report.board, **vars(report)}
        return build_json_response(request, serializers_reports.MovementReportSchema(fields).data)


class MethodReportView(APIView):
    @describe_board_call(
        "leaderboard_method", response=serializers_reports.MethodReportSchema, parameters=[parameters.POOL]
    )
    def get(self, request: Request) -> HttpResponseBase:
        """Get the figures on the method page.

        Returns the figures behind a pool's ratings: counted votes, reasons why other votes are not counted, the shares
        of each model and organization, whether voters favor a side, the draw probabilities, and the effect of style.
        Returns 404 for a pool of kind `reference`, whose votes are not published.
        """
        figures = method_figures.load_pool_figures(request.query_params.get("pool") or LIVE_POOL)
        lists = {name: getattr(figures.counts, name, ()) for name in ("shares", "makers")}
        fields = {**vars(figures), **lists, "rows": len(figures.board["rows"])}
        return build_json_response(request, serializers_reports.MethodReportSchema(fields).data)
