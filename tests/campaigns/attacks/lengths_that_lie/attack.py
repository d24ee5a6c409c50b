LENGTHS = [(1 << 32) - 1, 0, 1 << 20, 5]
COUNT = []


def sample(*_arguments):
    COUNT.append(1)
    length = LENGTHS[len(COUNT) % 3]
    write(raw(b"\x92\xc0\x90", head_length=length, body_length=(1 << 64) - 1))
    time.sleep(60)
