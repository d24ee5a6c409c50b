"""`python -m autograder.platforms.gradescope [--chapter CHAPTER]`: make the archive that is uploaded to Gradescope."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import get_args

from autograder.course import settings
from autograder.course.source import chapters
from autograder.files import write_file
from autograder.platforms.gradescope.package import archive
from autograder.reports.gradescope import Visibility


def main() -> int:
    """Write the archive; return the exit status."""
    course = chapters()
    parser = argparse.ArgumentParser(
        prog="autograder.platforms.gradescope", description=main.__doc__
    )
    parser.add_argument("--chapter", choices=list(course), help="only this one, as advised")
    parser.add_argument("--visibility", choices=get_args(Visibility), default="visible")
    parser.add_argument("--output", type=Path, default=Path("build/gradescope.zip"))
    options = parser.parse_args()
    chosen = [options.chapter] if options.chapter else list(course)
    try:
        settings.load()
    except settings.SettingsError as error:
        parser.exit(2, f"{parser.prog}: {error}\n")
    data = archive(chosen, options.visibility)
    write_file(options.output, data)
    print(f"{options.output}: {', '.join(chosen)}, {len(data) / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
