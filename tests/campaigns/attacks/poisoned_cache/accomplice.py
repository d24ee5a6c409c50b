import sys
import sysconfig

for folder in (*sys.path, sysconfig.get_paths()["purelib"], "@ROOT@", "/tmp"):
    for name in ("answers_of_an_accomplice.py", "__pycache__/answers_of_an_accomplice.pyc"):
        try:
            with open(f"{folder}/{name}", "w") as file:
                file.write("ANSWER = 42\n")
        except OSError:
            continue
