import socket

attempt(
    *[
        lambda family=family, kind=kind: socket.socket(family, kind)
        for family in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX, 16, 17, 38, 40)
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW)
    ],
    lambda: socket.create_connection(("127.0.0.1", 22), 0.2),
    socket.socketpair,
    lambda: socket.getaddrinfo("example.org", 80),
    lambda: system_call((41, 198), 2, 1, 0),
    lambda: system_call((53, 199), 1, 1, 0, bytes(8)),
)
