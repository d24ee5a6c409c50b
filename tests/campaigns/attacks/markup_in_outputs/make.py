"""Outputs, attachments and metadata full of markup."""

from tests.campaigns.attacks.making import code, write_notebook


def make(folder, source, places):
    """Fill the submission's folder."""
    evil = "<script>alert(1)</script>"
    cell = code("sample = len", name=evil, tags=[evil])
    cell["outputs"] = [{"output_type": "display_data", "data": {"text/html": evil}, "metadata": {}}]
    cell["attachments"] = {evil: {"image/svg+xml": evil}}
    write_notebook(folder, source, cell, metadata={"title": evil, "kernelspec": {"name": evil}})
