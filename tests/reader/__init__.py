"""Files as tools and people write them, with the cells that they hold, written by hand."""
