import glob

steal(
    lambda: text_of("@NEIGHBOUR@"),
    lambda: text_of("/proc/self/root@NEIGHBOUR@"),
    lambda: glob.glob(os.path.dirname(os.path.dirname("@NEIGHBOUR@")) + "/*/*")[0],
)
