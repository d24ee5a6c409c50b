"""A module for each command: its arguments, one call, what a human reads out. Imported when that command is given."""
