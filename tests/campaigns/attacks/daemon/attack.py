def daemon():
    if os.fork():
        return True
    os.setsid()
    if os.fork():
        os._exit(0)
    open("@PLANT@", "w").close()
    os._exit(0)


attempt(daemon)
