"""Polling with a deadline: no test sleeps for a guessed time."""

import time


def until(condition, seconds, what, every_s=0.02):
    """Returns the first truthy value of condition(); fails naming `what` (text, or what makes it) in vain."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what() if callable(what) else what}")
        time.sleep(every_s)
