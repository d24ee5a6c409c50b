def unroll(f, *arguments):
    found = [f.__closure__, f.__globals__.keys(), f.__code__.co_filename, dir(f)]
    for token in range(-3, 300):
        try:
            found.append(SERVER._callable(SERVER.current_id, token)(0))
        except BaseException as error:
            found.append(repr(error))
    return found
