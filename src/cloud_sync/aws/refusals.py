"""How any AWS service says that a login is not good enough, and what a person does about it."""

from __future__ import annotations

LOGIN = "aws configure, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
RENEW = "log in again: aws sso login, or renew AWS_SESSION_TOKEN"

REFUSED = {
    "SignatureDoesNotMatch": ("the secret key does not fit the access key", LOGIN),
    "MissingAuthenticationToken": ("the request bears no credentials", LOGIN),
    "UnrecognizedClientException": ("the service does not know the access key", LOGIN),
    "InvalidClientTokenId": ("the service does not know the access key", LOGIN),
    "ExpiredTokenException": ("the session has expired", RENEW),
    "ExpiredToken": ("the session has expired", RENEW),
}
"""What happened and what to type next, by the error code that every service shares."""
