"""A login in AWS Secrets Manager, where the functions read it and a person replaces it."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cloud_sync.aws.clients import client_of
from cloud_sync.aws.errors import Resource, code_of, translated
from cloud_sync.credentials.base import StoredCredential
from cloud_sync.credentials.login_document import NoLogin, login_document, login_in
from cloud_sync.errors import UsageError
from cloud_sync.secret import Secret

_NOT_THERE = "ResourceNotFoundException"


class SecretsManagerCredentials:
    """Keeps the login as JSON in the secret of that name, which the deployment has made.

    Endpoint, region, profile and credentials are the AWS SDK's own, or `client_options`. A login
    that does not tell when it was stored, say one put in by hand, is as old as the secret's
    present version. Beside what the contract says, `read` and `replace` may raise Throttled and
    ServiceUnavailable; refused access is a UsageError that names the action.
    """

    def __init__(self, name: str, *, client_options: Mapping[str, Any] | None = None) -> None:
        self._name = name
        self.location = f"the secret {name} in AWS Secrets Manager"
        self._resource = Resource(
            self.location,
            "secretsmanager",
            "check the name and AWS_REGION: aws secretsmanager list-secrets; the deployment makes"
            " it: cdk deploy --app cdk.out --all",
            UsageError,
        )
        self._options = client_options
        self._making = threading.Lock()
        self._made: Any | None = None

    def read(self) -> StoredCredential | None:
        """As promised by `CredentialStore`; a secret that has no value yet holds no login."""
        with translated("reading the login from", self._resource):
            try:
                answer = self._client().get_secret_value(SecretId=self._name)
            except Exception as error:
                # the same answer for a secret without a value and for none at all
                if code_of(error) == _NOT_THERE:
                    return None
                raise
        content = answer.get("SecretString") or answer.get("SecretBinary")
        if not content:
            return None
        try:
            return login_in(content, self.location, answer.get("CreatedDate"))
        except NoLogin as error:
            raise UsageError(
                f"reading the login from {self.location}: {error}",
                hint="put a login into it: cloud-sync aws login",
            ) from error

    def replace(self, token: Secret, now: datetime, user_id: Secret | None = None) -> None:
        StoredCredential(token, now, self.location, user_id)
        document = login_document(token, user_id, now)
        with translated("storing the login in", self._resource):
            self._client().put_secret_value(SecretId=self._name, SecretString=document)

    def close(self) -> None:
        """Let go of connections; the next call makes them anew."""
        with self._making:
            made, self._made = self._made, None
        if made is not None:
            made.close()

    def _client(self) -> Any:
        with self._making:
            if self._made is None:
                self._made = client_of(
                    "secretsmanager", self._resource, options=self._options, connections=2
                )
            return self._made
