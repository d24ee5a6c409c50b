"""nbgrader's exchange, as far as this course needs something else of it: figures go out with the notebook."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from nbgrader.exchange.default import ExchangeReleaseAssignment

from autograder.course.release import FIGURES

_FOLDER_MODE, _FILE_MODE = 0o755, 0o644


class ReleaseWithFigures(ExchangeReleaseAssignment):
    """Releases a notebook with its figures, which the course's settings keep nbgrader from copying.

    Nothing but the notebook may come back from a student, and nbgrader has one list of what it leaves behind, for
    both directions.
    """

    def copy_files(self) -> None:
        """Copy the notebook, then the figures that lie beside its source."""
        super().copy_files()
        source = self.coursedir.format_path(
            self.coursedir.source_directory, ".", self.coursedir.assignment_id
        )
        shared = 0o020 if self.coursedir.groupshared else 0
        figures = sorted((Path(source) / FIGURES).glob("*.svg"))
        folder = Path(self.dest_path) / FIGURES
        if figures:
            folder.mkdir(exist_ok=True)
            os.chmod(folder, _FOLDER_MODE | shared)
        for path in figures:
            shutil.copyfile(path, folder / path.name)
            os.chmod(folder / path.name, _FILE_MODE | shared)
