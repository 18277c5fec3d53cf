"""The AWS SDK's descriptions of its services, found without a look at those that nobody asks for.

To be imported where the SDK is needed anyway.
"""

from __future__ import annotations

from pathlib import Path

from botocore.loaders import Loader, create_loader
from botocore.session import Session


class FolderLoader(Loader):
    """The SDK's loader, which takes a folder's name for a service's.

    The SDK's own looks through the folders of all services, some thousand files for each kind of
    description. What is missing here is missed when it is loaded, as an error of the SDK.
    """

    def list_available_services(self, type_name: str) -> list[str]:  # noqa: ARG002
        """The services that may have a description of the kind."""
        folders = filter(Path.is_dir, map(Path, self.search_paths))
        return sorted({each.name for folder in folders for each in folder.iterdir()})


def use_folder_loader(session: Session) -> None:
    """Have the session load from where it would load by itself."""
    paths = create_loader(session.get_config_variable("data_path")).search_paths
    session.register_component(
        "data_loader",
        FolderLoader(extra_search_paths=list(paths), include_default_search_paths=False),
    )
