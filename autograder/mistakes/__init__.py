"""The catalogue of mistakes, one file a chapter: it certifies the suites, names a student's error, counts a class's."""
