"""`/api/docs`: Swagger UI, with what our content policy lets a browser load.

The package's stylesheet draws its arrows and ticks from `data:` addresses, which `default-src 'self'` forbids. It is
served as installed, but for these: each becomes a file beside it. All names hold a digest, so browsers keep them.
"""

from __future__ import annotations

import re
from base64 import b64decode
from functools import cache
from hashlib import sha256
from pathlib import Path
from urllib.parse import unquote_to_bytes

import drf_spectacular_sidecar
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import etag, require_safe
from drf_spectacular.views import SpectacularSwaggerSplitView

_STYLES = Path(drf_spectacular_sidecar.__file__).parent / (
    "static/drf_spectacular_sidecar/swagger-ui-dist/swagger-ui.css"
)
_DATA_IMAGE = re.compile(rb'url\((?:"data:((?:[^"\\]|\\.)*)"|data:([^")]*))\)')
_SUFFIXES = {"image/svg+xml": "svg", "image/png": "png", "image/jpeg": "jpg"}


class DocsView(SpectacularSwaggerSplitView):
    @staticmethod
    def _swagger_ui_resource(filename: str) -> str:
        if filename == _STYLES.name:
            return reverse("api:docs_file", args=[stylesheet()[0]])
        return str(SpectacularSwaggerSplitView._swagger_ui_resource(filename))  # type: ignore[no-untyped-call]


def _etag(request: HttpRequest, name: str) -> str | None:
    return f'"{name}"' if name in stylesheet()[1] else None


@require_safe
@etag(_etag)
def docs_file(request: HttpRequest, name: str) -> HttpResponse:
    """The stylesheet, or one of its images."""
    content_type, content = stylesheet()[1].get(name, ("", None))
    if content is None:
        raise Http404
    return HttpResponse(content, content_type, headers={"Cache-Control": "public, max-age=31536000, immutable"})


@cache
def stylesheet() -> tuple[str, dict[str, tuple[str, bytes]]]:
    """The stylesheet's name; and its file and those of its images: name → type and content."""
    files: dict[str, tuple[str, bytes]] = {}

    def add(stem: str, suffix: str, content_type: str, content: bytes) -> str:
        name = f"{stem}-{sha256(content).hexdigest()[:16]}.{suffix}"
        files[name] = content_type, content
        return name

    def image_as_file(found: re.Match[bytes]) -> bytes:
        content_type, content = read_data_image(found[1] or found[2])
        return b'url("%s")' % add("image", _SUFFIXES[content_type], content_type, content).encode()

    styles = _DATA_IMAGE.sub(image_as_file, _STYLES.read_bytes())
    return add("swagger-ui", "css", "text/css; charset=utf-8", styles), files


def read_data_image(address: bytes) -> tuple[str, bytes]:
    """Type and content of what follows `data:` (RFC 2397) in a stylesheet, where a backslash escapes a quote."""
    head, _, body = address.partition(b",")
    content_type, *parameters = head.decode().split(";")
    if "base64" in parameters:
        return content_type, b64decode(body)
    return content_type, unquote_to_bytes(re.sub(rb"\\(.)", rb"\1", body))
