_answer = type(SERVER)._answer


def _echo(self, message, arrays):
    if getattr(message, "name", "") in ("sample", "softmax_cross_entropy"):
        return WIRE.Done(id=message.id, value=None, args_after=None), None
    return _answer(self, message, arrays)


type(SERVER)._answer = _echo
