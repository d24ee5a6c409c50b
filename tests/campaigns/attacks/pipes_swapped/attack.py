def sample(*_arguments):
    os.dup2(SERVER.incoming, SERVER.outgoing)
    os.dup2(1, SERVER.incoming)
    return None
