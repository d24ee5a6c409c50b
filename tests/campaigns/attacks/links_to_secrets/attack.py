def through_folder():
    folder = os.open(os.path.dirname("@NEIGHBOUR@"), os.O_RDONLY | os.O_DIRECTORY)
    return os.read(os.open("diary.txt", os.O_RDONLY, dir_fd=folder), 100)


def through_link(make):
    make("@NEIGHBOUR@", "/tmp/stolen-link")
    return text_of("/tmp/stolen-link")


def through_change():
    os.chdir(os.path.dirname("@GRADEBOOK@"))
    return text_of("gradebook.db")


def through_path_descriptor():
    number = os.open("@NEIGHBOUR@", os.O_PATH)
    return text_of(f"/proc/self/fd/{number}")


steal(
    through_folder,
    lambda: through_link(os.link),
    lambda: through_link(os.symlink),
    through_change,
    through_path_descriptor,
    lambda: os.listdir("@SUITES@"),
    lambda: [entry.name for entry in os.scandir("@ROOT@")],
)
