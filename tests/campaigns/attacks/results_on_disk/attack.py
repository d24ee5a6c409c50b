import json

FORGED = json.dumps({"schema": 1, "status": "graded", "score": 100.0})


def written(path):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        return file.write(FORGED)


attempt(
    lambda: written("@PLANT@"),
    lambda: written("@ROOT@/graded/results/mallory/ch02_vanilla_rnn.json"),
    lambda: written("graded/results/mallory/ch02_vanilla_rnn.json"),
    lambda: written("results.json"),
    lambda: written("/autograder/results/results.json"),
    lambda: written("/tmp/pytest-of-root/results.json"),
)
