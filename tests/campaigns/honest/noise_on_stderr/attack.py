import sys
import warnings

print("training …", "loss: 0.1\r" * 5000)
warnings.warn("something is old", DeprecationWarning, stacklevel=1)
_sample = sample


def sample(*arguments):
    """Tell what is done."""
    print("sampling", *arguments, file=sys.stderr)
    print("x" * 100_000)
    return _sample(*arguments)
