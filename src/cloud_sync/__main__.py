"""`python -m cloud_sync` is the same as `cloud-sync`."""

from cloud_sync.cli.main import run

run()
