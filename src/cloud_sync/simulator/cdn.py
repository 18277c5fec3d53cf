"""The CDN port: bytes behind signed URLs, as CloudFront in front of S3 gives them."""

from __future__ import annotations

from email.utils import format_datetime

from cloud_sync.simulator.answers import Answer, Endpoint, FileSlice, Request, xml_error
from cloud_sync.simulator.etag import ETags
from cloud_sync.simulator.medium import OriginalUnreadable, SimFile, SimMedium
from cloud_sync.simulator.objects import medium_id_in, object_at
from cloud_sync.simulator.ranges import Unsatisfiable, read_range
from cloud_sync.simulator.signing import DISPOSITION, Signer
from cloud_sync.simulator.store import Library


class Cdn:
    """The CDN over one library. A URL is checked when its request starts, and not again."""

    def __init__(self, library: Library, signer: Signer, etags: ETags) -> None:
        self._library = library
        self._signer = signer
        self._etags = etags

    def endpoint(self, request: Request) -> tuple[Endpoint, str]:
        if not request.reads:
            return Endpoint.WRITE, ""
        return Endpoint.OBJECT, medium_id_in(request.path)

    def answer(self, request: Request) -> Answer:
        refused = self._refuse(request)
        if refused is not None:
            return refused
        medium = self._library.stored(medium_id_in(request.path))
        file = object_at(medium, request.path) if medium else None
        if medium is None or file is None:
            return _no_such_key()
        try:
            etag = self._etags.of(file)
        except OriginalUnreadable:
            return _no_such_key()
        return _object(request, medium, file, f'"{etag}"')

    def _refuse(self, request: Request) -> Answer | None:
        if not request.reads:
            return xml_error(405, "MethodNotAllowed", "The method is not allowed", refusal="write")
        if request.header("Authorization") is not None:
            return xml_error(
                400,
                "InvalidArgument",
                "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, "
                "Signature query string parameter or the Authorization header should be specified",
                refusal="authorization",
            )
        refusal = self._signer.refusal(request.method, request.path, request.query)
        if refusal == "expired":
            return xml_error(403, "AccessDenied", "Request has expired", refusal=refusal)
        if refusal:
            return xml_error(403, "AccessDenied", "Access Denied", refusal=refusal)
        return None


def _object(request: Request, medium: SimMedium, file: SimFile, etag: str) -> Answer:
    changed = format_datetime((medium.updated_at or medium.created_at), usegmt=True)
    required = request.header("If-Match")
    if required is not None and not _matches(required, etag):
        return xml_error(
            412,
            "PreconditionFailed",
            "At least one of the pre-conditions you specified did not hold",
        )
    headers: tuple[tuple[str, str], ...] = (
        ("Content-Type", "application/octet-stream"),
        ("Accept-Ranges", "bytes"),
        ("ETag", etag),
        ("Last-Modified", changed),
    )
    if disposition := request.query.get(DISPOSITION):
        headers += (("Content-Disposition", disposition),)
    condition = request.header("If-Range")
    wanted = request.header("Range") if condition in {None, etag, changed} else None
    try:
        stretch = read_range(wanted, file.size)
    except Unsatisfiable:
        return xml_error(
            416,
            "InvalidRange",
            "The requested range is not satisfiable",
            headers=(("Content-Range", f"bytes */{file.size}"),),
        )
    if stretch is None:
        return Answer(200, headers, FileSlice(file, 0, file.size))
    last = stretch.offset + stretch.length - 1
    headers += (("Content-Range", f"bytes {stretch.offset}-{last}/{file.size}"),)
    return Answer(206, headers, FileSlice(file, stretch.offset, stretch.length))


def _matches(required: str, etag: str) -> bool:
    given = {part.strip() for part in required.split(",")}
    return bool(given & {"*", etag, etag.strip('"')})


def _no_such_key() -> Answer:
    return xml_error(404, "NoSuchKey", "The specified key does not exist.")
