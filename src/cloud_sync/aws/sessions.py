"""Where every client of AWS takes its settings from."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from botocore.session import Session

REGION_ENV = "AWS_REGION"


def new_session() -> Session:
    """The SDK's session; `AWS_REGION` goes before the profile's region.

    The SDK for Python itself reads AWS_DEFAULT_REGION only, unlike AWS's other tools. Raises
    ModuleNotFoundError without the SDK.
    """
    import botocore.session

    session = botocore.session.get_session()
    if region := os.environ.get(REGION_ENV):
        session.set_config_variable("region", region)
    return session
