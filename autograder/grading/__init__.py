"""One submission becomes one result: read, run through a suite, judged, explained."""
