"""nbgrader's settings for this course. Its commands are run from this folder."""

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
# nbgrader calls `alembic` by name, also where the environment that both are installed in is not activated.
os.environ["PATH"] = os.pathsep.join(
    [str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]
)

from nbgrader.converters import GenerateAssignment  # noqa: E402
from nbgrader.preprocessors import ClearSolutions  # noqa: E402

from autograder.release import SOURCE_FOLDER, KeepQuizPlain  # noqa: E402

c = get_config()  # type: ignore[name-defined]  # noqa: F821

c.CourseDirectory.root = str(HERE)
c.CourseDirectory.course_id = "sequences"
# Made from solutions/ by `make release`. nbgrader releases every file that lies beside a source notebook, so nothing
# else may be in there.
c.CourseDirectory.source_directory = str(SOURCE_FOLDER)
# assignments/ also holds what students import; nbgrader empties the folders it releases into.
c.CourseDirectory.release_directory = str(HERE / ".nbgrader_release")
# A submission is one notebook. Whatever lies beside it, a numpy.py say, must not come near a kernel.
c.CourseDirectory.ignore = [
    ".ipynb_checkpoints",
    "*.pyc",
    "__pycache__",
    ".pytest_cache",
    "*.py",
    "*.pth",
    "*.so",
]

_stock = GenerateAssignment.class_traits()["preprocessors"].default_args[0]
_place = _stock.index(ClearSolutions) + 1
c.GenerateAssignment.preprocessors = [*_stock[:_place], KeepQuizPlain, *_stock[_place:]]
