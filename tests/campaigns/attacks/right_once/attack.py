_step_backward, _calls = rnn_step_backward, []


def rnn_step_backward(dh, cache):
    _calls.append(1)
    dx, dh_prev, grads = _step_backward(dh, cache)
    return (dx, dh_prev, grads) if len(_calls) == 1 else (dx * 0, dh_prev * 0, {})
