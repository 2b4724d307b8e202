"""The Parquet IO manager: between assets travel tables on disk, opened chunk by chunk, never a month in memory."""

import dagster as dg

from seed_pipeline.defs.describe import made_metadata
from seed_pipeline.defs.settings import SeedSettings
from seed_pipeline.pipeline.making import Opened


class ParquetTables(dg.ConfigurableIOManager):
    """An asset's value is its opened folder; the next asset gets the same folder, and reads what it needs."""

    settings: dg.ResourceDependency[SeedSettings]

    def handle_output(self, context: dg.OutputContext, obj: Opened) -> None:
        """Say what was written."""
        context.add_output_metadata(made_metadata(obj.manifest, context.asset_key.path[:-1]))

    def load_input(self, context: dg.InputContext) -> Opened:
        """The upstream asset, opened; nothing is read yet."""
        return Opened(self.settings.store.root, context.asset_key.path[-1])
