"""Builds the GoPro provider; found by its name through the entry point `cloud_sync.providers`."""

from __future__ import annotations

from cloud_sync.config.load import Config
from cloud_sync.credentials.base import CredentialStore
from cloud_sync.provider.gopro.api_url import checked_api_url
from cloud_sync.provider.gopro.client import GoProProvider


def build(config: Config, credentials: CredentialStore) -> GoProProvider:
    """The provider for the configured API; UsageError for an API URL that must not be used."""
    return GoProProvider(checked_api_url(config.text("gopro_api_url") or ""), credentials)
