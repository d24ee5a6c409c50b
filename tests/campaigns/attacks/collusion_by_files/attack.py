def message(path):
    with open(path) as file:
        return file.read()


attempt(
    *[
        lambda path=path: message(path)
        for path in (
            "@PLANT@",
            "/tmp/answers-of-an-accomplice",
            "/dev/shm/answers-of-an-accomplice",
            "/var/tmp/answers-of-an-accomplice",
            "answers-of-an-accomplice",
            "@NEIGHBOUR@.answers",
        )
    ]
)
