"""Alive because the REST framework looks names up: one look-alike a section."""

# ruff: noqa: ARG002, E402, ERA001
# mypy: ignore-errors

# lookalike: drf-method-field
from rest_framework import serializers


class LoanSerializer(serializers.Serializer):
    fine_total = serializers.SerializerMethodField()

    def get_fine_total(self, loan):
        return sum(fine.cents for fine in loan.fines.all())


# lookalike: drf-validate-field
from rest_framework import serializers


class CardSerializer(serializers.Serializer):
    number = serializers.CharField()
    pin = serializers.CharField(write_only=True)

    def validate_number(self, value):
        if not value.isdigit():
            raise serializers.ValidationError("digits only")
        return value

    def validate(self, attrs):
        return attrs


# lookalike: drf-viewset
from rest_framework import viewsets

from . import filtersets, serializers
from .models import Copy


class CopyViewSet(viewsets.ModelViewSet):
    queryset = Copy.objects.all()
    serializer_class = serializers.CopySerializer
    filterset_class = filtersets.CopyFilterSet
    lookup_value_regex = "[0-9]+"

    def perform_create(self, serializer):
        serializer.save(owner=self.request.user)


# lookalike: drf-permission
from rest_framework import permissions


class OwnsTheCard(permissions.BasePermission):
    message = "This card is somebody else's."

    def has_permission(self, request, view):
        return bool(request.user)

    def has_object_permission(self, request, view, obj):
        return obj.holder_id == request.user.pk


# lookalike: drf-action
from rest_framework import viewsets
from rest_framework.decorators import action
from rest_framework.response import Response


class QueueViewSet(viewsets.GenericViewSet):
    @action(detail=True, methods=["post"])
    def skip_ahead(self, request, pk):
        return Response({"place": 1, "queue": pk})
