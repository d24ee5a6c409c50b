"""nbgrader's gradebook: what a result becomes there, in bulk and through nbgrader's own commands.

Nothing here is imported by the rest of the grader, but for the command line, and only when a gradebook is written:
nbgrader takes seconds to import.
"""
