"""The REST API of the catalogue: parse, call, show."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog import costing, scaling
from catalog.amounts import GivenForm, usual
from catalog.cost_form import CostForm


def parameters(form: type[GivenForm]) -> list[OpenApiParameter]:
    fields = form.base_fields.items()
    return [OpenApiParameter(name, str, default=usual(field), description=str(field.label)) for name, field in fields]


def refused(form: GivenForm) -> ValidationError:
    return ValidationError({name: [str(error) for error in errors] for name, errors in form.errors.items()})


class Scaling(APIView):
    @extend_schema(operation_id="scaling", parameters=parameters(scaling.ScalingForm), responses={200: dict})
    def get(self, request: Request) -> Response:
        form = scaling.ScalingForm(request.query_params)
        if not form.is_valid():
            raise refused(form)
        return Response(scaling.as_json(form.plan(), scaling.trained_models()))


class Cost(APIView):
    @extend_schema(operation_id="cost", parameters=parameters(CostForm), responses={200: dict})
    def get(self, request: Request) -> Response:
        form = CostForm(request.query_params)
        if not form.is_valid():
            raise refused(form)
        return Response(costing.as_json(costing.compare(form)))
