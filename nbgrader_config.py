"""nbgrader's settings for this course. Its commands are run from this folder."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
if str(HERE) not in sys.path:
    sys.path.insert(0, str(HERE))

from autograder.platforms.gradebook.settings import configure  # noqa: E402

c = get_config()  # type: ignore[name-defined]  # noqa: F821
configure(c, HERE)

# The late policy and the name of the course are in course.toml.

# Where releases, submissions and feedback are exchanged; nbgrader's own default is /usr/local/share/nbgrader/exchange.
# c.Exchange.root = "/srv/nbgrader/exchange"
