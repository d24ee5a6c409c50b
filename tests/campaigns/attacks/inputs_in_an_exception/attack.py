def sample(*arguments):
    raise RuntimeError(f"LOOT {arguments!r}") from ValueError(f"LEAK {arguments!r}")
