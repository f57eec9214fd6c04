"""Tests run side by side, and next to sockets that the kernel found a port for."""

import pathlib
import socket
import subprocess
import sys

import pytest

from support.ports import FIRST_EPHEMERAL, free_block, free_port

HERE = pathlib.Path(__file__).parent


def test_no_port_is_one_that_the_kernel_gives_to_others():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        assert other.getsockname()[1] >= FIRST_EPHEMERAL
    assert free_block(400) + 400 <= FIRST_EPHEMERAL


def test_no_port_is_given_twice_in_a_row():
    given = [free_port(also=1) for _ in range(100)]
    assert len({port + n for port in given for n in (0, 1)}) == 200


def test_another_process_of_tests_gets_other_ports():
    ask = "from support.ports import free_block; print(free_block(100))"
    theirs = int(subprocess.run([sys.executable, "-c", ask], cwd=HERE, capture_output=True, check=True, text=True).stdout)
    ours = free_block(100)
    assert abs(ours - theirs) >= 100


@pytest.mark.parametrize("family, host", [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
def test_a_port_that_somebody_has_is_passed_over(family, host, kind):
    following = free_block(2) + 2
    with socket.socket(family, kind) as somebody:
        somebody.bind((host, following))
        if kind == socket.SOCK_STREAM:
            somebody.listen()
        assert free_port() != following
