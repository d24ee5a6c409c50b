"""Markup, commands of terminals and formulas in magics and file names."""

from tests.campaigns.attacks.making import write_notebook


def make(folder, source, places):
    """Fill the submission's folder."""
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>\x1b[31m=cmd|'/C calc'!A0"
    write_notebook(
        folder,
        source,
        f"!{evil}\n%{evil}\n",
        f"raise NameError({evil!r})",
        f"{evil}",
        f"def sample(*a):\n    raise ValueError({evil!r})\n",
    )
    (folder / evil.replace("/", "|")).write_text("")
    (folder / "=1+1.csv").write_text("")
