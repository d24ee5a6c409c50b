steal(
    lambda: text_of("@ROOT@/solutions/ch02_vanilla_rnn/ch02_vanilla_rnn.py"),
    lambda: text_of("@ROOT@/autograder/alternatives/ch02_vanilla_rnn/einsum.py"),
    lambda: text_of("@ROOT@/autograder/mistakes/ch02_vanilla_rnn.py"),
)
