"""nbgrader's settings for this course, as one function: `nbgrader_config.py` calls it, and so does the bulk writer."""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path
from typing import Any

from nbgrader.converters import Autograde, GenerateAssignment
from nbgrader.preprocessors import ClearSolutions, DeduplicateIds, Execute, SaveAutoGrades
from sqlalchemy.exc import SAWarning
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from autograder.course import settings
from autograder.course.release import FIGURES, SOURCE_FOLDER, KeepQuizPlain
from autograder.course.source import ROOT
from autograder.platforms.gradebook import pages, script_policy
from autograder.platforms.gradebook.exchange import ReleaseWithFigures
from autograder.platforms.gradebook.export import PlainCsv
from autograder.platforms.gradebook.late import LatePolicy
from autograder.platforms.gradebook.preprocessors import (
    GradeInSandbox,
    RepairCells,
    SanitizeHTML,
    SaveFeedback,
    SubmissionExporter,
)
from autograder.platforms.gradebook.timestamps import guard_nbgrader

CONFIG_FILE = "nbgrader_config.py"


def configure(c: Any, root: Path) -> None:
    """Set what this course needs.

    Args:
        c: nbgrader's configuration object, to be changed.
        root: the course folder, with `submitted/` and `gradebook.db` in it.

    Raises:
        SystemExit: `course.toml` cannot be used; standard error says why.
    """
    try:
        course = settings.load().course
    except settings.SettingsError as error:
        # nbgrader goes on without a configuration file that raises, and would then run submissions in a kernel.
        print(error, file=sys.stderr)
        raise SystemExit(2) from None
    _find_commands()
    # SQLAlchemy warns at every submission about objects that nbgrader leaves pending; silence it.
    warnings.filterwarnings("ignore", "Object of type <", SAWarning)
    c.CourseDirectory.root = str(root)
    c.CourseDirectory.course_id = course.id
    # Made from solutions/ by `make release`: notebooks and their figures, and nothing else.
    c.CourseDirectory.source_directory = str(SOURCE_FOLDER)
    # assignments/ also holds what students import; nbgrader empties the folders it releases into.
    c.CourseDirectory.release_directory = str(root / ".nbgrader_release")
    # A submission is one notebook. nbgrader copies whatever lies beside it, and follows links as it does: this leaves a
    # numpy.py or a link to the gradebook behind. The notebook and nbgrader's own two text files stay.
    # What it leaves behind when it releases is the same, so figures are put there apart.
    c.CourseDirectory.ignore = [
        ".ipynb_checkpoints",
        "__pycache__",
        ".pytest_cache",
        "feedback",
        FIGURES,
        "*.py",
        "*.db",
        "*.*[!bt]",
        "*.*[!x]t",
        "[!st]*.txt",
    ]
    c.ExchangeFactory.release_assignment = ReleaseWithFigures
    c.CourseDirectory.include = ["*.ipynb", "timestamp.txt", "submission_secret.txt"]

    release = list(GenerateAssignment.class_traits()["preprocessors"].default_args[0])
    release.insert(release.index(ClearSolutions) + 1, KeepQuizPlain)
    c.GenerateAssignment.preprocessors = release

    sanitize = list(Autograde.class_traits()["sanitize_preprocessors"].default_args[0])
    sanitize.insert(sanitize.index(DeduplicateIds), RepairCells)
    c.Autograde.sanitize_preprocessors = sanitize
    c.Autograde.exporter_class = SubmissionExporter
    grade = list(Autograde.class_traits()["autograde_preprocessors"].default_args[0])
    grade[grade.index(Execute)] = GradeInSandbox
    grade.insert(grade.index(SaveAutoGrades) + 1, SaveFeedback)
    c.Autograde.autograde_preprocessors = [*grade, SanitizeHTML]
    c.SanitizeHTML.enabled = True
    c.OverwriteCells.add_missing_cells = True
    c.AssignLatePenalties.plugin_class = LatePolicy
    c.ExportApp.plugin_class = PlainCsv  # nbgrader's own quotes nothing

    # Feedback and formgrader: sanitized, names escaped, mathematics drawn here instead of by a script from elsewhere.
    c.HTMLExporter.sanitize_html = True
    c.HTMLExporter.embed_images = False
    c.HTMLExporter.preprocessors = [pages.SafePages]
    c.HTMLExporter.filters = {"markdown2html": pages.markdown2html}
    script_policy.guard_formgrader()
    guard_nbgrader()


def load(root: Path) -> Config:
    """Return the settings that nbgrader's commands have in a course folder.

    A folder without a `nbgrader_config.py` has those of this course.
    """
    folder = root if (root / CONFIG_FILE).is_file() else ROOT
    config = PyFileConfigLoader(CONFIG_FILE, path=str(folder)).load_config()
    if folder != root:
        config.CourseDirectory.root = str(root)
        config.CourseDirectory.release_directory = str(root / ".nbgrader_release")
    return config


def _find_commands() -> None:
    """Let nbgrader find `alembic`, which it calls by name, where the environment is not activated."""
    ours = str(Path(sys.executable).parent)
    path = os.environ.get("PATH", os.defpath)
    if ours not in path.split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join([ours, path])
