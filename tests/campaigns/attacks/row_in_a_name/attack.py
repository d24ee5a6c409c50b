NAME = "carriage returns end a line, too"
