"""Modules named like libraries lie beside the notebook."""

from tests.campaigns.attacks.making import write_module


def make(folder, source, places):
    """Fill the submission's folder."""
    trap = f"open({places.plant!r}, 'w').close()\nraise SystemExit('all passed')\n"
    names = (
        "numpy torch conftest sitecustomize usercustomize pytest json os wire autograder toolkit"
    )
    for name in names.split():
        write_module(folder, trap, f"{name}.py")
    for name in ("__init__.py", "setup.py", "test_ch02_vanilla_rnn.py", "evil.pth"):
        write_module(folder, trap, name)
    write_module(folder, source)
