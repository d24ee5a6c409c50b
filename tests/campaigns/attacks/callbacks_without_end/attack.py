def unroll(f, *arguments):
    while True:
        try:
            f(*arguments[:2])
        except Exception:
            continue
