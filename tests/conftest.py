"""What tests of several files use."""

from __future__ import annotations

import pytest

from tests import needs


@pytest.fixture(name="torch")
def _torch():
    """PyTorch, without which the test is skipped."""
    return pytest.importorskip("torch", reason=needs.NO_TORCH)
