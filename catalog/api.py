"""The REST API of the catalogue: parse, call, show."""

from django import forms
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog import costing, scaling
from catalog.amounts import GivenForm, usual
from catalog.cost_form import CostForm


def parameters(form: type[GivenForm]) -> list[OpenApiParameter]:
    return [_parameter(name, field) for name, field in form.base_fields.items()]


def _parameter(name: str, field: forms.Field) -> OpenApiParameter:
    default = usual(field)
    return OpenApiParameter(
        name,
        str,
        default=None if default is None else str(default),
        many=isinstance(field, forms.MultipleChoiceField),
        description=str(field.label),
    )


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
