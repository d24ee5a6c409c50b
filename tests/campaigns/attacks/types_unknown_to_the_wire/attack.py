import pickle


class _Bomb:
    def __reduce__(self):
        return os.system, ("touch @PLANT@",)


def sample(*_arguments):
    for payload in (b"\xc7\x04\x01abcd", b"\xd6\xff\x00\x00\x00\x00", pickle.dumps(_Bomb())):
        write(raw(b"\x92" + payload + b"\x90"))
    time.sleep(60)
