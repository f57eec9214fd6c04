"""Polling with a deadline: no test sleeps for a guessed time."""

import time


def until(condition, seconds, what):
    """Returns the first truthy value of condition(); fails naming `what` when none came in time."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.02)
