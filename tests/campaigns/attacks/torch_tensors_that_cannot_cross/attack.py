import torch


def shift_right(*arguments):
    odd = (
        torch.zeros(3, dtype=torch.uint64),
        torch.nested.nested_tensor([torch.zeros(2), torch.zeros(3)]),
        torch.quantize_per_tensor(torch.zeros(3), 0.1, 0, torch.qint8),
        torch.zeros(10**7, 10**7, device="meta"),
        torch.zeros(1).expand(10**6, 10**6),
    )
    return odd[int(arguments[0].sum()) % len(odd)]
