"""Requests on a bucket's objects that go past the SDK: it signs them, and nothing more.

The SDK's client decides everything about them as for its own requests: the URL, the credentials
(and when they are renewed), the region and the kind of signature, the certificates it trusts.
Bodies are not hashed for the signature: each goes with its own checksum, which is signed.
"""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http.client import HTTPException, HTTPMessage
from threading import Lock, get_ident
from typing import TYPE_CHECKING, Any

from cloud_sync.archive.s3_connections import Connections, Endpoint, Exchange
from cloud_sync.errors import UsageError

if TYPE_CHECKING:
    from botocore.signers import RequestSigner
    from mypy_boto3_s3 import S3Client

_NOTHING = memoryview(b"")
_CODE = re.compile(rb"<Code>\s*([A-Za-z0-9._-]{1,80})\s*</Code>")
_REGION = re.compile(rb"<Region>\s*([a-z0-9-]{1,40})\s*</Region>")


@dataclass(frozen=True, slots=True)
class _Address:
    """Where the client finds the bucket, and how it signs what goes there."""

    url: str
    signer: RequestSigner
    context: Mapping[str, Any]
    connections: Connections

    def signed(
        self, operation: str, method: str, url: str, headers: Mapping[str, str]
    ) -> Iterable[tuple[str, str]]:
        from botocore.awsrequest import AWSRequest

        request = AWSRequest(method=method, url=url, headers=dict(headers))
        request.context = dict(self.context)
        self.signer.sign(operation, request)
        return request.headers.items()


class S3Wire:
    """One bucket's objects by signed requests. Threads may call at once.

    `ca_bundle` is a file of certificates to trust instead of the usual ones.
    """

    def __init__(self, client: S3Client, bucket: str, ca_bundle: str | None = None) -> None:
        self._client = client
        self._bucket = bucket
        # in the order in which the SDK looks
        self._ca_bundle = next(
            filter(
                None, (ca_bundle, *map(os.environ.get, ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE")))
            ),
            None,
        )
        self._address: _Address | None = None
        self._lock = Lock()

    def request(
        self,
        operation: str,
        key: str,
        headers: Mapping[str, str],
        *,
        query: str = "",
        body: memoryview | None = None,
    ) -> HTTPMessage:
        """Send the request and give the headers of its answer; a HEAD without `body`, else a PUT.

        `operation` is the API's name for it, `query` is encoded already. Raises the SDK's own
        exceptions, which `s3_errors` understands: ClientError with code, status and headers (and
        whether the request was sent twice) for every answer but a good one.
        """
        from botocore.utils import percent_encode

        method = "HEAD" if body is None else "PUT"
        address = self._resolved()
        url = f"{address.url}/{percent_encode(key, safe='/~')}" + (f"?{query}" if query else "")
        signed = address.signed(operation, method, url, headers)
        target = url[url.index("/", url.index("://") + 3) :]
        data = _NOTHING if body is None else body.cast("B")
        answer = _exchanged(address, method, target, signed, data)
        if not 200 <= answer.status < 300:
            raise _refusal(operation, answer)
        return answer.headers

    def readdress(self) -> None:
        """Ask the client anew where the bucket is: it may have been told another region."""
        with self._lock:
            address, self._address = self._address, None
        if address is not None:
            address.connections.close()

    def close(self) -> None:
        """Let go of idle connections; may be called twice."""
        self.readdress()

    def _resolved(self) -> _Address:
        with self._lock:
            if self._address is None:
                self._address = self._resolve()
            return self._address

    def _resolve(self) -> _Address:
        """Let the client prepare a request and stop it before it is sent."""
        from botocore.awsrequest import AWSResponse
        from botocore.compat import HTTPHeaders

        prepared: dict[str, Any] = {}
        caller = get_ident()

        def instead_of_sending(**said: Any) -> tuple[AWSResponse, dict[str, Any]] | None:
            if get_ident() != caller:
                return None
            prepared.update(said)
            return AWSResponse(said["params"]["url"], 200, HTTPHeaders(), None), {}

        events: Any = self._client.meta.events
        name = f"resolve-{id(self)}"
        events.register_first("before-call.s3.HeadBucket", instead_of_sending, unique_id=name)
        try:
            self._client.head_bucket(Bucket=self._bucket)
        finally:
            events.unregister("before-call.s3.HeadBucket", unique_id=name)
        url = prepared["params"]["url"].rstrip("/")
        return _Address(
            url,
            prepared["request_signer"],
            self._unhashed(prepared["context"]),
            Connections(self._endpoint(url)),
        )

    def _unhashed(self, context: Mapping[str, Any]) -> Mapping[str, Any]:
        from botocore.config import Config

        config: Any = self._client.meta.config
        options: Any = {**(config.s3 or {}), "payload_signing_enabled": False}
        return {**context, "client_config": config.merge(Config(s3=options))}

    def _endpoint(self, url: str) -> Endpoint:
        from botocore.utils import get_environ_proxies

        config: Any = self._client.meta.config
        proxies = config.proxies or get_environ_proxies(url)
        proxy = proxies.get(url.partition(":")[0])
        if proxy and "://" not in proxy:
            proxy = "http://" + proxy
        if proxy and not proxy.startswith("http://"):
            raise UsageError(
                "connecting to S3: the proxy is to be reached by another protocol than http",
                hint="set HTTPS_PROXY to a URL that begins with http://",
            )
        return Endpoint(url, proxy, self._trust, config.connect_timeout, config.read_timeout)

    def _trust(self) -> ssl.SSLContext:
        from botocore.httpsession import get_cert_path

        try:
            return ssl.create_default_context(cafile=self._ca_bundle or get_cert_path(True))
        except OSError:
            raise UsageError(
                "connecting to S3: the file of trusted certificates cannot be read",
                hint="AWS_CA_BUNDLE is the path of a file with certificates in PEM form",
            ) from None


def _exchanged(
    address: _Address,
    method: str,
    target: str,
    signed: Iterable[tuple[str, str]],
    data: memoryview,
) -> Exchange:
    """The answer; what breaks on the way becomes what the SDK would have raised."""
    from botocore import exceptions

    try:
        return address.connections.exchange(method, target, signed, data)
    except ssl.SSLCertVerificationError as error:
        raise exceptions.SSLError(endpoint_url=address.url, error=error) from error
    except TimeoutError as error:
        raise exceptions.ReadTimeoutError(endpoint_url=address.url) from error
    except (OSError, HTTPException) as error:
        raise exceptions.ConnectionClosedError(endpoint_url=address.url) from error


def _refusal(operation: str, answer: Exchange) -> Exception:
    from botocore.exceptions import ClientError

    code, region = _CODE.search(answer.body), _REGION.search(answer.body)
    said = {"Code": code[1].decode("ascii") if code else str(answer.status)}
    if region:
        said["Region"] = region[1].decode("ascii")
    metadata = {
        "HTTPStatusCode": answer.status,
        "HTTPHeaders": {name.lower(): value for name, value in answer.headers.items()},
        "RetryAttempts": int(answer.again),
    }
    return ClientError({"Error": said, "ResponseMetadata": metadata}, operation)  # type: ignore[typeddict-item]
