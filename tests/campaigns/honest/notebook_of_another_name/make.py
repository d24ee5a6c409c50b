"""The only notebook has another name, beside files of the student's own."""

from tests.campaigns.attacks.making import write_notebook


def make(folder, source, places):
    """Fill the submission's folder."""
    write_notebook(folder, source, name="ch02_vanilla_rnn (2) – Kopie.ipynb")
    (folder / "notes.txt").write_text("to do")
    (folder / ".ipynb_checkpoints").mkdir()
