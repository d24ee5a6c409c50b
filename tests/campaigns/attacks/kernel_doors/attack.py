import ctypes

ROOM = ctypes.create_string_buffer(256)
CALLS = {
    "io_uring_setup": ((425, 425), 8, ROOM),
    "bpf": ((321, 280), 0, ROOM, 120),
    "userfaultfd": ((323, 282), 1),
    "perf_event_open": ((298, 241), ROOM, 0, -1, -1, 0),
    "keyctl": ((250, 219), 0, -3, 1),
    "add_key": ((248, 217), b"user\0", b"x\0", b"y", 1, -3),
    "memfd_create": ((319, 279), b"x\0", 0),
    "memfd_secret": ((447, 447), 0),
    "fanotify_init": ((300, 262), 0, 0),
    "inotify_init1": ((294, 26), 0),
    "signalfd4": ((289, 74), -1, ROOM, 8, 0),
    "name_to_handle_at": ((303, 264), -100, b"/\0", ROOM, ROOM, 0),
    "seccomp": ((317, 277), 1, 1, ROOM),
    "mount": ((165, 40), 0, b"/tmp\0", b"tmpfs\0", 0, 0),
    "fsopen": ((430, 430), b"tmpfs\0", 0),
    "open_tree": ((428, 428), -100, b"/\0", 1),
    "pivot_root": ((155, 41), b"/\0", b"/\0"),
    "swapon": ((167, 224), b"/x\0", 0),
    "init_module": ((175, 105), ROOM, 1, b"\0"),
    "kexec_load": ((246, 104), 0, 0, 0, 0),
    "landlock_create_ruleset": ((444, 444), ROOM, 8, 0),
    "vmsplice": ((278, 75), 1, ROOM, 1, 0),
    "migrate_pages": ((256, 238), 0, 1, ROOM, ROOM),
    "move_pages": ((279, 239), 0, 0, 0, 0, 0, 0),
    "acct": ((163, 89), 0),
    "sethostname": ((170, 161), b"x", 1),
    "settimeofday": ((164, 170), 0, 0),
    "reboot": ((169, 142), 0, 0, 0, 0),
    "modify_ldt": ((154, -1), 0, ROOM, 16),
    "iopl": ((172, -1), 3),
}
for call in CALLS.values():
    attempt(lambda: system_call(*call))
