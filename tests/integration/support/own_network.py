"""A network of a test's own: loopback, and one address besides (browsers want that), from which nothing else is reached."""

import contextlib
import ctypes
import subprocess

ADDRESS = "10.9.0.1"
CLONE_NEWNET = 0x40000000  # linux/sched.h
COMMANDS = (
    "ip link set lo up",
    "ip link add here type veth peer name there",
    f"ip address add {ADDRESS}/24 dev here",
    "ip link set here up",
    "ip link set there up",
    "ip route add default via 10.9.0.2 dev here",
)


@contextlib.contextmanager
def own_network():
    """This thread, and every program that it starts meanwhile, is in it."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/proc/thread-self/ns/net") as before:
        assert libc.unshare(CLONE_NEWNET) == 0, f"unshare: {ctypes.get_errno()}"
        try:
            for command in COMMANDS:
                subprocess.run(command.split(), check=True)
            yield ADDRESS
        finally:
            assert libc.setns(before.fileno(), CLONE_NEWNET) == 0, f"setns: {ctypes.get_errno()}"
