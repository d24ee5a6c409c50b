"""Settings of pytest, tox and coverage beside the notebook."""

from tests.campaigns.attacks.making import write_module


def make(folder, source, places):
    """Fill the submission's folder."""
    (folder / "pytest.ini").write_text("[pytest]\naddopts = -p evil --co -q\npython_files = x\n")
    (folder / "setup.cfg").write_text("[tool:pytest]\naddopts = --maxfail=0\n")
    (folder / "pyproject.toml").write_text("[tool.pytest.ini_options]\naddopts = '--co'\n")
    (folder / "nbgrader_config.py").write_text(f"open({places.plant!r}, 'w')")
    (folder / ".env").write_text("PYTEST_ADDOPTS=--co")
    (folder / "evil.py").write_text(f"open({places.plant!r}, 'w')")
    write_module(folder, source)
