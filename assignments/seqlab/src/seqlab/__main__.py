"""`python -m seqlab` is the command `seqlab`."""

from __future__ import annotations

import sys

from seqlab.cli import main

sys.exit(main())
