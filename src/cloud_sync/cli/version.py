"""What `cloud-sync --version` prints."""

from cloud_sync import __version__

VERSION_LINE = f"cloud-sync {__version__}"
