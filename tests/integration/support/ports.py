"""Free ports for programs that cannot choose one themselves, of both families, for UDP and TCP.

They lie below the ports that the kernel gives to sockets bound to 0, so no such socket can take one before its program
binds it. Each process of tests has a slice of them to itself, held by an abstract Unix socket until the process ends."""

import pathlib
import socket
import threading
import time

FIRST, SLICES, LONGEST_WAIT_S = 10000, 5, 300
FIRST_EPHEMERAL = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
PORTS_PER_SLICE = (FIRST_EPHEMERAL - FIRST) // SLICES & ~1

_lock = threading.Lock()
_slice = None  # the socket that holds it, its first port
_given = 0  # of the slice's ports; goes round, so that a port rests before it is given again


def _hold_a_slice():
    until = time.monotonic() + LONGEST_WAIT_S
    while time.monotonic() < until:
        for number in range(SLICES):
            holder = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                holder.bind(f"\0tessera-test-ports-{number}")
                return holder, FIRST + number * PORTS_PER_SLICE
            except OSError:
                holder.close()
        time.sleep(0.5)  # other processes' tests
    raise AssertionError(f"all {SLICES} slices of ports are held by other tests")


def _can_bind(family, host, kind, port):
    with socket.socket(family, kind) as probe:
        if kind == socket.SOCK_STREAM:
            # As servers do: the rest of an ended connection is no obstacle, a listener is.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def _is_free(port):
    return all(
        _can_bind(family, host, kind, port)
        for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))
        for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM)
    )


def free_port(also=0):
    """A port that is free, and the `also` ports after it."""
    return free_block(1 + also)


def free_block(count):
    """The first of `count` free ports in a row, even."""
    global _slice, _given
    assert count <= PORTS_PER_SLICE
    with _lock:
        _slice = _slice or _hold_a_slice()
        for _ in range(PORTS_PER_SLICE):
            if _given + count > PORTS_PER_SLICE:
                _given = 0
            first = _slice[1] + _given
            taken = next((port for port in range(first, first + count) if not _is_free(port)), None)
            if taken is None:
                _given += count + count % 2
                return first
            _given = (taken - _slice[1] + 2) & ~1
    raise AssertionError(f"no {count} free ports in a row")
