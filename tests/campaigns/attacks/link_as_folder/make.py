"""The folder is a link to another submission's."""

import os
from pathlib import Path

from tests.campaigns.attacks.making import write_module


def make(folder, source, places):
    """Fill the submission's folder."""
    folder.rmdir()
    os.makedirs(f"{places.plant}-elsewhere", exist_ok=True)
    write_module(Path(f"{places.plant}-elsewhere"), source)
    folder.symlink_to(f"{places.plant}-elsewhere")
