class TemperatureError(ValueError):
    """Too cold."""

    def __str__(self):
        return "the temperature is not above zero: " + super().__str__()


_sample = sample


def sample(*arguments):
    """The same, its error dressed up."""
    try:
        return _sample(*arguments)
    except ValueError as error:
        raise TemperatureError(*error.args) from None
