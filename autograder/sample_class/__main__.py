"""`python -m autograder.sample_class OUTPUT [--chapter CHAPTER]`: write the class's submissions."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from autograder.sample_class import STUDENTS, finished, write


def main() -> int:
    """Write the class; return the exit status."""
    parser = argparse.ArgumentParser(prog="autograder.sample_class", description=main.__doc__)
    parser.add_argument("output", type=Path, help="the folder that gets one folder per student")
    parser.add_argument("--chapter", action="append", default=[], help="may be repeated")
    options = parser.parse_args()
    course = finished()
    unknown = [name for name in options.chapter if name not in course]
    if unknown:
        print(
            f"there is no finished chapter {', '.join(unknown)}; there are: {', '.join(course)}",
            file=sys.stderr,
        )
        return 2
    chosen = {name: course[name] for name in options.chapter or course}
    write(options.output, chosen)
    print(f"{len(STUDENTS)} students, {len(chosen)} chapters: {options.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
