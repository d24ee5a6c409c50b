import re


def sample(*_arguments):
    return re.match(r"(a|a)+$", "a" * 60 + "b")
