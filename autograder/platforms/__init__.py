"""Other people's systems: nbgrader's gradebook, Gradescope."""
