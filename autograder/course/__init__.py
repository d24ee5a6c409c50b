"""A chapter as its files say it: source, quiz, catalogue of mistakes, release."""
