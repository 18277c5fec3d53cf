"""The API port: login check, listing, single media, and where their files lie."""

from __future__ import annotations

import math
from typing import Any
from urllib.parse import quote, unquote

from cloud_sync.simulator.answers import Answer, Endpoint, Request, json_answer
from cloud_sync.simulator.auth import Gate
from cloud_sync.simulator.descriptor import Sign, describe
from cloud_sync.simulator.listing import BadQuery, read_page, read_query
from cloud_sync.simulator.medium import SimMedium
from cloud_sync.simulator.rows import ALWAYS, USER_ID, single_row
from cloud_sync.simulator.signing import Signer
from cloud_sync.simulator.store import Library


class Api:
    """The API over one library. `cdn_url` is where the signed URLs point."""

    def __init__(self, library: Library, gate: Gate, signer: Signer, cdn_url: str) -> None:
        self._library = library
        self._gate = gate
        self._signer = signer
        self._cdn_url = cdn_url

    def endpoint(self, request: Request) -> tuple[Endpoint, str]:
        if not request.reads:
            return Endpoint.WRITE, ""
        match request.path.rstrip("/").split("/")[1:]:
            case ["media", "user"]:
                return Endpoint.USER, ""
            case ["media", "search"]:
                return Endpoint.SEARCH, ""
            case ["media", medium_id]:
                return Endpoint.MEDIUM, unquote(medium_id)
            case ["media", medium_id, "download"]:
                return Endpoint.DOWNLOAD, unquote(medium_id)
        return Endpoint.UNKNOWN, ""

    def answer(self, request: Request) -> Answer:
        endpoint, medium_id = self.endpoint(request)
        if endpoint is Endpoint.WRITE:
            return _error(405, "method_not_allowed", refusal="write")
        refused = self._gate.refuse(request)
        if refused is not None:
            return refused
        match endpoint:
            case Endpoint.USER:
                return self._user()
            case Endpoint.SEARCH:
                return self._search(request)
            case Endpoint.MEDIUM | Endpoint.DOWNLOAD:
                return self._one(endpoint, medium_id, request)
        return _error(404, "not_found", refusal="path")

    def _user(self) -> Answer:
        return json_answer(
            200,
            {
                "user_id": USER_ID,
                "gopro_user_id": USER_ID,
                "media_count": len(self._library),
                "storage_quota": None,
            },
        )

    def _search(self, request: Request) -> Answer:
        try:
            query = read_query(request.query)
            number, per_page = read_page(request.query)
        except BadQuery as error:
            return _error(400, f"invalid {error}", refusal="query")
        media, total = self._library.page(query, number, per_page)
        fields = request.query.get("fields")
        return json_answer(
            200,
            {
                "_embedded": {
                    "errors": [],
                    "media": [_projected(medium.row(), fields) for medium in media],
                },
                "_pages": {
                    "current_page": number,
                    "per_page": per_page,
                    "total_items": total,
                    "total_pages": math.ceil(total / per_page),
                },
            },
        )

    def _one(self, endpoint: Endpoint, medium_id: str, request: Request) -> Answer:
        medium = self._library.get(medium_id)
        if medium is None:
            return _error(404, "not_found", refusal="gone")
        if endpoint is Endpoint.DOWNLOAD:
            return json_answer(200, describe(medium, self._sign_for(medium)))
        return json_answer(200, _projected(single_row(medium), request.query.get("fields")))

    def _sign_for(self, medium: SimMedium) -> Sign:
        name = quote(medium.filename or "", safe=" ()-._")
        disposition = f'attachment;filename="{name}"'

        def sign(method: str, path: str) -> str:
            return f"{self._cdn_url}{path}?{self._signer.sign(method, path, disposition)}"

        return sign


def _projected(row: dict[str, Any], fields: str | None) -> dict[str, Any]:
    """The fields asked for and those that always come; all of them where none are asked for."""
    if not fields:
        return row
    wanted = {name.strip() for name in fields.split(",")}.union(ALWAYS)
    return {name: value for name, value in row.items() if name in wanted}


def _error(status: int, reason: str, *, refusal: str) -> Answer:
    errors = [{"reason": reason, "code": status * 10, "description": reason}]
    return json_answer(status, {"_embedded": {"errors": errors}}, refusal=refusal)
