"""The notebook is a socket."""

import os
import socket


def make(folder, source, places):
    """Fill the submission's folder."""
    with socket.socket(socket.AF_UNIX) as here:
        os.chdir(folder)
        try:
            here.bind("ch02_vanilla_rnn.ipynb")
        finally:
            os.chdir("/")
