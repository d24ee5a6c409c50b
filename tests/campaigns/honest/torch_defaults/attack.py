import torch

torch.manual_seed(7)
torch.set_num_threads(4)
torch.use_deterministic_algorithms(True)
torch.set_printoptions(precision=2)
device = "cuda" if torch.cuda.is_available() else "cpu"
print(torch.zeros(2, device=device))
