import importlib
import importlib.util
import runpy


def by_path(path):
    spec = importlib.util.spec_from_file_location("stolen", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


sys.path[:0] = ["@ROOT@", "@ROOT@/solutions/ch02_vanilla_rnn", "@SUITES@/ch02_vanilla_rnn"]
del sys.meta_path[0]
attempt(
    lambda: importlib.import_module("autograder.grading.toolkit"),
    lambda: importlib.import_module("ch02_vanilla_rnn"),
    lambda: importlib.import_module("test_ch02_vanilla_rnn"),
    lambda: importlib.import_module("tests.campaigns.attacks"),
    lambda: by_path("@ROOT@/solutions/ch02_vanilla_rnn/ch02_vanilla_rnn.py"),
    lambda: runpy.run_path("@SUITES@/ch02_vanilla_rnn/test_ch02_vanilla_rnn.py"),
)
