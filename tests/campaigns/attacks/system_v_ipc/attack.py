def named():
    from multiprocessing import shared_memory

    return shared_memory.SharedMemory("loot", create=True, size=64)


def semaphore():
    import multiprocessing

    return multiprocessing.Semaphore(1)


attempt(
    lambda: system_call((29, 194), 77, 4096, 0o1666),
    lambda: system_call((64, 190), 77, 1, 0o1666),
    lambda: system_call((68, 186), 77, 0o1666),
    lambda: system_call((240, 180), b"/loot\0", 0o102, 0o666, 0),
    named,
    semaphore,
)
