quiz_answers = {"q" + str(n): letter for n in range(1, 9) for letter in "abcd"}
quiz_answers["q1"] = __import__("os").getcwd()
quiz_answers["q2"] = {"a", "b", "c", "d"}
quiz_answers["q3"] = ["a", "b", "c", "d"]
