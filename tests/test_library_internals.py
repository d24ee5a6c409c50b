"""What we use of a library beyond its public interface, and the version with which it was tried.

When one of these fails, a library was changed in the lock file: look at the places named, run the commands named, and
put the new version here.
"""

from importlib import import_module
from importlib.metadata import version

import pytest

TRIED = [
    # library, version, where its internals are used, what tries them
    (
        "nbgrader",
        "0.9.6",
        "autograder.platforms.gradebook.script_policy",
        "make formgrader-test sanitiser",
    ),
    ("nbgrader", "0.9.6", "autograder.platforms.gradebook.timestamps", "make formgrader-test"),
    (
        "nbconvert",
        "7.17.2",
        "autograder.platforms.gradebook.pages",
        "make formgrader-test sanitiser",
    ),
    ("bleach", "6.4.0", "autograder.platforms.gradebook.pages", "make sanitiser"),
    ("jsonschema", "4.26.0", "autograder.course.source", "pytest tests/test_imports.py"),
]


@pytest.mark.parametrize(("library", "tried", "module", "by"), TRIED)
def test_the_installed_version_is_the_one_that_was_tried(library, tried, module, by):
    found = version(library)
    assert found == tried, f"{module} uses internals of {library} {tried}, not {found}: try {by}"


@pytest.mark.parametrize("module", sorted({row[2] for row in TRIED}))
def test_the_places_are_there(module):
    assert import_module(module).__doc__


def test_what_is_replaced_in_nbgrader_is_still_there():
    from nbgrader.apps import NbGraderAPI
    from nbgrader.coursedir import CourseDirectory
    from nbgrader.server_extensions.formgrader import base, handlers

    assert callable(CourseDirectory.get_existing_timestamp)
    assert callable(NbGraderAPI.get_submitted_timestamp)
    assert callable(base.BaseHandler.render) and callable(handlers.SubmissionHandler.get)
    assert (import_module(base.__name__).__file__ or "").endswith("base.py")
