import ctypes
import glob

FOLDER = "@GRADED@"
FILES = [
    f"{FOLDER}/{name}"
    for name in (
        "results/neighbour/ch02_vanilla_rnn.json",
        "feedback/neighbour/ch02_vanilla_rnn.html",
        "results/neighbour",
        "feedback",
        "grades.csv",
    )
]


def size(path):
    return os.stat(path).st_size


def link(path):
    return os.lstat(path).st_size


def allowed(path):
    if not os.access(path, os.F_OK):
        raise OSError(path)
    return path


def file_system(path):
    return os.statvfs(path).f_files


def go_there(path):
    os.chdir(path)
    return os.getcwd()


def by_the_library(path):
    buffer = ctypes.create_string_buffer(512)
    return system_call((332, 291), -100, path.encode(), 0, 0x7FF, buffer)


def names_of_the_folder():
    found = glob.glob(FOLDER + "/.*") + glob.glob(FOLDER + "/*/*")
    return found[0]


def places_of_the_grader():
    # Where its files lie would give away what cannot be listed.
    return os.readlink(f"/proc/@GRADER_PID@/cwd")


attempt(
    *[
        lambda way=way, path=path: way(path)
        for way in (size, link, allowed, file_system, go_there, by_the_library)
        for path in FILES
    ],
    names_of_the_folder,
    lambda: next(os.scandir(FOLDER)).name,
    lambda: os.listdir(FOLDER)[0],
    places_of_the_grader,
    lambda: [os.readlink(f"/proc/@GRADER_PID@/fd/{number}") for number in range(64)],
    lambda: open("/proc/@GRADER_PID@/cmdline").read(),
)
