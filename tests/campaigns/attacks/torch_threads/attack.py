import torch


def sequence_cross_entropy(*_arguments):
    return torch.ones(1 << 40)


def shift_right(*_arguments):
    torch.set_num_threads(512)
    a = torch.ones(4000, 4000)
    while True:
        a = a @ a
