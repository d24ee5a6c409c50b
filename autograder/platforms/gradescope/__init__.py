"""Gradescope's side of things: the archive that is uploaded, and what runs there for one submission."""
