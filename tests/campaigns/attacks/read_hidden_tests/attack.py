steal(
    lambda: text_of("@SUITES@/ch02_vanilla_rnn/test_ch02_vanilla_rnn.py"),
    lambda: text_of("@SECRET_BESIDE_SUITE@"),
    lambda: text_of("@SUITES@/toolkit.py"),
)
