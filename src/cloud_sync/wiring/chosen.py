"""Which archive a command is about: a deployed environment's, or one of this machine's."""

from __future__ import annotations

from collections.abc import Mapping

from cloud_sync.config.load import Config
from cloud_sync.errors import UsageError
from cloud_sync.wiring.base import ArchiveWiring
from cloud_sync.wiring.local import LocalWiring


def chosen_wiring(
    config: Config, process_environment: Mapping[str, str], deployed: str | None
) -> ArchiveWiring:
    """The wiring of the deployed environment of that name, this machine's where None.

    UsageError where a flag names another archive, or a plan that is the environment's to name.
    """
    if deployed is None:
        return LocalWiring(config, process_environment)
    for setting, why in (
        ("to", "both name an archive"),
        ("storage_plan", "the environment has its own storage plan"),
    ):
        value = config.values.get(setting)
        if value is not None and value.origin.startswith("--"):
            raise UsageError(
                f"{value.origin} and --env were both given: {why}", hint="give one of them"
            )
    from cloud_sync.wiring.environment import EnvironmentWiring

    return EnvironmentWiring(config, process_environment, deployed)
