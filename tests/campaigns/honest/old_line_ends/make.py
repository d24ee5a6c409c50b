"""A notebook whose cells have the line ends of old Macs."""

from tests.campaigns.attacks.making import functions, write_notebook


def make(folder, source, places):
    """Fill the submission's folder."""
    write_notebook(folder, *[part.replace("\n", "\r") for part in functions(source)])
