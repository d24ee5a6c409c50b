import os

for path in (
    "@PLANT@",
    "/tmp/answers-of-an-accomplice",
    "/dev/shm/answers-of-an-accomplice",
    "/var/tmp/answers-of-an-accomplice",
    "answers-of-an-accomplice",
    "@NEIGHBOUR@.answers",
):
    try:
        with open(path, "w") as file:
            file.write("42")
    except OSError:
        continue
