"""Everything that runs beside or around student code. Imports nothing else of the grader."""
