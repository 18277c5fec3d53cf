"""The GoPro cloud as a Provider: the HTTP calls, and which way the token is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from enum import Enum
from types import TracebackType
from typing import Self
from urllib.parse import quote, urlencode

from urllib3 import PoolManager, Timeout
from urllib3.exceptions import HTTPError

from cloud_sync import __version__
from cloud_sync.clock import Clock, SystemClock
from cloud_sync.credentials.base import CredentialStore, StoredCredential
from cloud_sync.errors import GoneAtSource, SourceNotUnderstood
from cloud_sync.model.media import Account, MediaFile, MediaItem, Page
from cloud_sync.provider.gopro.answers import Answer, http_date, missing_login, problem_with
from cloud_sync.provider.gopro.api_url import checked_api_url, is_loopback, split_url
from cloud_sync.provider.gopro.cdn import Cdn, CdnStream
from cloud_sync.provider.gopro.connection import unavailable
from cloud_sync.provider.gopro.keep_alive import KeepAlive
from cloud_sync.provider.gopro.ranges import Asked
from cloud_sync.provider.gopro.values import shown
from cloud_sync.provider.gopro.wire import (
    ROW_FIELDS,
    described,
    parse_download,
    parse_page,
    parse_user,
)
from cloud_sync.secret import Secret

BODY_LIMIT = 32 * 1024 * 1024
"""Bytes of one answer of the API; a page of a listing is far below."""

_ACCEPT = "application/vnd.gopro.jk.media+json; version=2.0.0"
_USER_AGENT = f"cloud-sync/{__version__}"


class Scheme(Enum):
    """How the token is sent. Both were observed to work, not always at the same time."""

    BEARER = "bearer"
    COOKIE = "cookie"


class GoProProvider:
    """The GoPro cloud.

    `api_url` is checked by `checked_api_url`. `credentials` are read anew for every call, so that
    a login replaced while a run waits is taken up. Time-outs are in seconds: `connect_timeout`
    until a connection stands, `read_timeout` without a single byte. `connections` is how many
    threads may talk at once without opening connections anew.
    """

    name = "GoPro"

    def __init__(
        self,
        api_url: str,
        credentials: CredentialStore,
        *,
        per_page: int = 100,
        connections: int = 16,
        connect_timeout: float = 10.0,
        read_timeout: float = 60.0,
        clock: Clock | None = None,
    ) -> None:
        self._base = checked_api_url(api_url)
        parts = split_url(self._base)
        self._host = (parts.hostname if parts else None) or ""
        self._credentials = credentials
        self._per_page = per_page
        self._clock = clock or SystemClock()
        timeout = Timeout(connect=connect_timeout, read=read_timeout)
        self._pool = PoolManager(maxsize=connections, retries=False, timeout=timeout)
        lines = KeepAlive(
            idle=connections, connect_timeout=connect_timeout, read_timeout=read_timeout
        )
        self._cdn = Cdn(
            lines,
            user_agent=_USER_AGENT,
            loopback=is_loopback(self._host),
            clock=self._clock,
        )
        self._chosen: tuple[Secret, Scheme] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of all idle connections. May be called twice."""
        self._pool.clear()
        self._cdn.close()

    def check_login(self) -> Account:
        """One call to the account's own address, which is small."""
        answer = self._get("/media/user", "checking the login at the camera cloud")
        return replace(parse_user(answer.body), server_time=http_date(answer.headers.get("Date")))

    def list_page(self, number: int) -> Page:
        """Newest upload first, of every type and in every state.

        Neither types nor states are named in the request: a list of them would hide, without a
        word, media of a type or in a state that comes up later.
        """
        query = urlencode(
            {
                "page": number,
                "per_page": self._per_page,
                "order_by": "created_at",
                "fields": ",".join(ROW_FIELDS),
            },
            safe=",",
        )
        doing = f"listing page {number} of the camera cloud"
        return parse_page(self._get(f"/media/search?{query}", doing).body, number)

    def resolve(self, item: MediaItem) -> tuple[MediaFile, ...]:
        """The item's originals, with addresses that are good for about an hour."""
        doing = f"asking the camera cloud for the files of {described(item)}"
        path = f"/media/{quote(item.id, safe='')}/download"
        return parse_download(self._get(path, doing, of_medium=True).body, item)

    def open(
        self,
        file: MediaFile,
        start: int = 0,
        length: int | None = None,
        etag: str | None = None,
    ) -> CdnStream:
        """The range of the original, from the delivery network and without the login."""
        doing = f"fetching original {file.number} of {shown(file.filename) or 'a nameless medium'}"
        return self._cdn.open(file.url.reveal(), Asked(start, length, etag), doing)

    def _get(self, path: str, doing: str, *, of_medium: bool = False) -> Answer:
        """An answer whose body is to be read. `of_medium`: a 404 would speak of a medium."""
        credential = self._credentials.read()
        if credential is None:
            raise missing_login(self._credentials.location)
        answer = self._answer(path, credential, doing)
        problem = problem_with(answer, doing, self._clock.now())
        if isinstance(problem, GoneAtSource) and not of_medium:
            raise SourceNotUnderstood(
                f"{doing}: {self._host} has no such address (status {answer.status})",
                hint="cloud-sync doctor shows which API address is used, and where it was set",
            )
        if problem is not None:
            raise problem
        return answer

    def _answer(self, path: str, credential: StoredCredential, doing: str) -> Answer:
        """As bearer first, then as cookie; what was let in is remembered for this token."""
        chosen = self._chosen
        if chosen is not None and chosen[0] == credential.token:
            return self._ask(path, _headers(credential, chosen[1]), doing)
        answer = self._ask(path, _headers(credential, Scheme.BEARER), doing)
        scheme = Scheme.BEARER
        if answer.refuses_login:
            second = self._ask(path, _headers(credential, Scheme.COOKIE), doing)
            if second.lets_in:
                answer, scheme = second, Scheme.COOKIE
        if answer.lets_in:
            self._chosen = credential.token, scheme
        return answer

    def _ask(self, path: str, headers: Mapping[str, str], doing: str) -> Answer:
        try:
            response = self._pool.request(
                "GET",
                self._base + path,
                headers=headers,
                retries=False,
                redirect=False,
                preload_content=False,
            )
            try:
                body = response.read(BODY_LIMIT + 1)
            finally:
                # a connection whose answer was read whole is in the pool already, and stays open
                response.close()
        except HTTPError as error:
            raise unavailable(doing, self._host, error) from error
        if len(body) > BODY_LIMIT:
            raise SourceNotUnderstood(f"{doing}: the answer is longer than {BODY_LIMIT} bytes")
        return Answer(response.status, response.headers, body)


def _headers(credential: StoredCredential, scheme: Scheme) -> dict[str, str]:
    headers = {"Accept": _ACCEPT, "Accept-Encoding": "identity", "User-Agent": _USER_AGENT}
    token = credential.token.reveal()
    if scheme is Scheme.BEARER:
        headers["Authorization"] = f"Bearer {token}"
        return headers
    cookies = [f"gp_access_token={token}"]
    if credential.user_id is not None:
        cookies.append(f"gp_user_id={credential.user_id.reveal()}")
    headers["Cookie"] = "; ".join(cookies)
    return headers
