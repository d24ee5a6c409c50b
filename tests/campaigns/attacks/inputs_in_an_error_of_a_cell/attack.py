def sample(*arguments):
    kind = (NameError, ImportError, SyntaxError)[len(arguments) % 3]
    error = kind(f"LOOT {arguments!r}")
    error.lineno = 10**9
    error.msg = f"LEAK {arguments!r}"
    error.filename = f"<cell {10**9}>"
    raise error
