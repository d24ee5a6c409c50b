"""A hundred cells after the solutions, each of which kills the worker that runs it."""


def make(folder, source, places):
    """Write them as a script."""
    kill = "# %%\nimport os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n"
    (folder / "ch02_vanilla_rnn.py").write_text(f"{source}\n\n" + kill * 100)
