def imported():
    import answers_of_an_accomplice

    return answers_of_an_accomplice


attempt(imported)
