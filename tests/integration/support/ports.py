"""Ports of 127.0.0.1 that are free now, for programs that cannot choose one themselves."""

import random
import socket


def _is_free(port, host="127.0.0.1"):
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind((host, port))
            except OSError:
                return False
    return True


def free_port(also=0):
    """A port that is free for UDP and TCP, and the `also` ports after it."""
    return free_block(1 + also)


def free_block(count):
    """The first of `count` free ports in a row, even."""
    for _ in range(500):
        first = random.randrange(10000, 60000 - count) & ~1
        if all(_is_free(port) for port in (first, first + count // 2, first + count - 1)):
            return first
    raise AssertionError(f"no {count} free ports in a row")
