steal(
    lambda: text_of("@ROOT@/solutions/ch02_vanilla_rnn/ch02_vanilla_rnn.py"),
    lambda: text_of("@ROOT@/autograder/chapters/ch02_vanilla_rnn/alternatives/einsum.py"),
    lambda: text_of("@ROOT@/autograder/chapters/ch02_vanilla_rnn/mistakes.py"),
)
