import tempfile

SUITE = "@SUITES@/ch02_vanilla_rnn/test_ch02_vanilla_rnn.py"
attempt(
    lambda: open("@PLANT@", "w"),
    lambda: open("@GRADEBOOK@", "w"),
    lambda: open("@NEIGHBOUR@", "a"),
    lambda: os.truncate("@GRADEBOOK@", 0) or True,
    lambda: os.mkdir("@PLANT@") or True,
    lambda: os.symlink("/", "@PLANT@") or True,
    lambda: os.link("@GRADEBOOK@", "@PLANT@") or True,
    lambda: os.rename("@NEIGHBOUR@", "@PLANT@") or True,
    lambda: os.unlink("@SECRET_BESIDE_SUITE@") or True,
    lambda: os.mkfifo("@PLANT@") or True,
    lambda: os.mknod("@PLANT@") or True,
    lambda: os.open("/tmp", os.O_TMPFILE | os.O_RDWR),
    lambda: open("loot", "w"),
    lambda: open("/dev/shm/loot", "w"),
    lambda: open(SUITE, "r+"),
    tempfile.TemporaryFile,
)
