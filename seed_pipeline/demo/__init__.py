"""The demo script: what to show a stakeholder, with IDs, query and expected value, asked of a loaded database.

    scenes = play(engine, settings)
    all(scene.holds is not False for scene in scenes)

The scenes are data, `configs/demo.yaml`. What is expected comes from the answer key and the settings; what is observed,
from the platform's own tables.
"""

from seed_pipeline.demo.play import Fact, Scene, play
from seed_pipeline.settings.demo import Script, read

__all__ = ["Fact", "Scene", "Script", "play", "read"]
