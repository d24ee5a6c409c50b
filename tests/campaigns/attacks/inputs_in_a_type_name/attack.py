def _loot(*arguments):
    return type(f"LOOT{arguments!r}"[:80], (), {"__module__": "builtins"})()


def sample(*arguments):
    return _loot(*arguments)


def softmax_cross_entropy(*arguments):
    return _loot(*arguments), {_loot(*arguments): 1}


def readout_backward(*arguments):
    return "LEAK " + repr(arguments), {"LEAK " + repr(arguments): _loot(*arguments)}
