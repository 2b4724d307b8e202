"""What will be judged, without any data: the statements of targets.yaml for lists, asset checks and docs."""

from dataclasses import dataclass

from seed_pipeline.settings import Settings
from seed_pipeline.settings.remedies import governed, remedy
from seed_pipeline.settings.targets import holds_back, in_force
from seed_pipeline.settings.told import told


@dataclass(frozen=True)
class Statement:
    """One statement. `entity` is the first asset whose ancestors hold everything that the statement reads."""

    id: str
    name: str
    title: str
    entity: str
    blocking: bool
    setting: str
    remedy: str
    only_large: bool
    in_force: bool


def statements(settings: Settings) -> list[Statement]:
    """All statements in the order of targets.yaml."""
    return [
        Statement(
            id=name.partition("_")[0],
            name=name,
            title=t.title,
            entity=t.entity,
            blocking=holds_back(t, settings),
            setting=governed(t),
            remedy=remedy(name, t),
            only_large=t.only_large,
            in_force=in_force(t, settings),
        )
        for name, t in ((name, told(t, settings)) for name, t in settings.targets.statements.items())
    ]
