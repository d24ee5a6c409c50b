def rnn_step_forward(x, h_prev, params):
    return h_prev, (x, h_prev, params)


def softmax_cross_entropy(logits, targets, mask):
    return logits, logits


def sample(*arguments):
    return arguments[0]
