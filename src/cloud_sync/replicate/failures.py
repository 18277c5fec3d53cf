"""Why a copy fails: one kind of error per reason, each with the code that outcomes carry."""

from __future__ import annotations

from cloud_sync.errors import CloudSyncError, Permanent, ServiceUnavailable


class NoSuchBucket(Permanent):
    """The bucket does not exist."""

    code = "no_such_bucket"


class NoSuchKey(Permanent):
    """The source object, or the version of it that was asked for, does not exist."""

    code = "no_such_key"


class AccessDenied(Permanent):
    """The service knows who asks and refuses, or does not accept the credentials."""

    code = "access_denied"


class Archived(Permanent):
    """The source lies in an archive class and must be restored before it can be copied."""

    code = "archived"


class TooLarge(Permanent):
    """The object is larger than the service takes, in this way or in any."""

    code = "too_large"


class StoreUnavailable(ServiceUnavailable):
    """The service did not answer, broke the connection, or answered 5xx."""

    code = "store_unavailable"


class StoreRefused(Permanent):
    """The service refuses for a reason that has no kind of its own."""

    code = "store_refused"


class ChangedMeanwhile(CloudSyncError):
    """Source or destination is not what it was when the copy began."""

    code = "changed_meanwhile"


class ChecksumDiffers(Permanent):
    """What lies at the destination is not what lies at the source."""

    code = "checksum_differs"
