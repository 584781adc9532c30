"""What a caller sends: JSON read strictly, and checked against a form that is also its description in the schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from exchange_apps.api.errors import ApiError, UnprocessableBody
from exchange_apps.domain.errors import OAuthError
from exchange_apps.domain.problems import Path, Problem
from exchange_apps.domain.strict_json import StrictJSONError, parse_json
from exchange_apps.oauth.requests import MOST_BODY_BYTES, read_body

_JSON = "application/json"


class UnusableBody(ApiError):
    """400: no JSON. 413: too much of it. 415: not said to be JSON."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def document_of(request: Request) -> object:
    """The JSON value of the body. Raises UnusableBody."""
    try:
        return parse_json(read_body(request._request), most_bytes=MOST_BODY_BYTES)
    except StrictJSONError as error:
        raise UnusableBody(str(error)) from None
    except OAuthError as error:
        raise UnusableBody(error.description, error.status) from None


def fields_of(request: Request, form: type[Body], *, partial: bool = False) -> dict[str, Any]:
    """The fields the body gives; with `partial` any of them may be left out. Raises UnusableBody, UnprocessableBody."""
    if (request.content_type or "").partition(";")[0].strip().lower() != _JSON:
        raise UnusableBody(f"Send the body as Content-Type: {_JSON}", 415)
    checked = form(data=document_of(request), partial=partial)
    if not checked.is_valid():
        raise UnprocessableBody(list(_problems((), checked.errors)))
    return dict(checked.validated_data)


class Body(serializers.Serializer[Any]):
    """A form of named fields. A name it does not have is refused: what is misspelt must not be ignored."""

    default_error_messages = {"invalid": "A JSON object is expected."}  # noqa: RUF012 - as declared by the base

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping) and (unknown := sorted(set(data) - set(self.fields))):
            raise serializers.ValidationError(dict.fromkeys(unknown, "There is no such field."))
        return super().to_internal_value(data)


class Text(serializers.CharField):
    """A JSON string; a number is none."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Flag(serializers.BooleanField):
    """`true` or `false`, and not what looks like them."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class Whole(serializers.IntegerField):
    """A JSON number without a fraction; `true` is none, and `"60"` neither."""

    def to_internal_value(self, data: Any) -> int:
        if type(data) is not int:
            self.fail("invalid")
        return super().to_internal_value(data)


class Texts(serializers.ListField):
    """A list of strings."""

    child = Text(max_length=320)


def _problems(path: Path, errors: Any) -> Iterator[Problem]:
    """DRF's nested errors, each with its place."""
    if isinstance(errors, Mapping):
        for name, found in errors.items():
            yield from _problems(path if name == "non_field_errors" else (*path, name), found)
    elif isinstance(errors, list):
        for found in errors:
            yield from _problems(path, found)
    else:
        yield Problem(path, str(errors))
