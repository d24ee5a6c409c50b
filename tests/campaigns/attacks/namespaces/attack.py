attempt(
    lambda: system_call((272, 97), 0x10000000),
    lambda: system_call((272, 97), 0x00020000),
    lambda: system_call((272, 97), 0x40000000),
    lambda: system_call((56, 220), 0x10000000 | 17, 0, 0, 0, 0),
    lambda: system_call((308, 268), 0, 0),
    lambda: os.chroot("/") or True,
    lambda: os.setuid(0) or os.open("/etc/shadow", os.O_RDONLY),
    lambda: os.setgroups([0]) or True,
    lambda: os.setresuid(0, 0, 0) or os.open("/etc/shadow", os.O_RDONLY),
    lambda: system_call((126, 91), bytes(8), bytes(24)),
)
