def sample(*_arguments):
    loop = []
    loop.append(loop)
    return loop


def softmax_cross_entropy(*_arguments):
    bomb = [0.0] * 10
    for _ in range(9):
        bomb = [bomb] * 10
    return bomb, bomb
