"""Programs that make whole runs: attacks, fuzzing, load, a browser, a cluster. `make` has a target for each."""
