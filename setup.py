"""What pyproject.toml cannot say: the settings lie beside the package in a checkout and inside it once installed."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class WithConfigs(build_py):
    """Copies configs/ into the package; an editable installation reads the checkout's."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            shutil.copytree("configs", Path(self.build_lib, "seed_pipeline", "configs"), dirs_exist_ok=True)


setup(cmdclass={"build_py": WithConfigs})
