"""What runs within the sandbox: the zygote, and the worker that it forks for student code."""
