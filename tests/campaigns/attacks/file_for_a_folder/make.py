"""A file lies where the folder should be."""


def make(folder, source, places):
    """Fill the submission's folder."""
    folder.rmdir()
    folder.write_text(source)
