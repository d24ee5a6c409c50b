import sys

sys.set_int_max_str_digits(0)


def sample(*_arguments):
    number = 7 ** (10**8)
    return str(number * number)
