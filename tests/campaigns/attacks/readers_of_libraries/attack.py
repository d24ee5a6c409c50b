import importlib
import linecache

import numpy as np


def module(name):
    return importlib.import_module(name)


path = "@SECRET_BESIDE_SUITE@"
steal(
    lambda: np.fromfile(path, np.uint8).tobytes() or 1 / 0,
    lambda: np.memmap(path, np.uint8, "r").tobytes(),
    lambda: np.genfromtxt(path, str),
    lambda: linecache.getline(path, 1),
    lambda: module("tokenize").open(path).read(),
    lambda: module("pkgutil").get_data("numpy", "../" * 12 + path),
    lambda: module("fileinput").input(path).readline(),
    lambda: module("pathlib").Path(path).read_text(),
    lambda: module("configparser").ConfigParser().read(path) and 1 / 0,
    lambda: module("mmap").mmap(os.open(path, os.O_RDONLY), 0).read(),
    lambda: module("codecs").open(path).read(),
    lambda: module("urllib.request").urlopen("file://" + path).read(),
    lambda: module("matplotlib.image").imread(path),
)
