def started(text="touch @PLANT@"):
    import subprocess

    return subprocess.run(text, shell=True, check=True)


def opened():
    with os.popen("touch @PLANT@ && echo yes") as pipe:
        return pipe.read() or 1 / 0


def many():
    import multiprocessing

    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.map(abs, [1])


def system():
    if os.system("touch @PLANT@"):
        raise OSError
    return True


attempt(started, opened, system, many)
