"""A trainer whose server is gone, whatever somebody did to either before."""

from __future__ import annotations

import subprocess
import sys

import pytest

CHILD = r"""
import os, signal, time
from foley_trainer.runtime.supervised import Stopped, stoppable, watch_stdin
try:
    with stoppable():
        watch_stdin()
        print("ready", flush=True)
        os.kill(os.getpid(), signal.SIGSTOP)
        while True:
            time.sleep(0.01)
except Stopped:
    os.write(1, b"left\n")
"""
# A server that is killed while its trainer is stopped.
PARENT = """
import os, signal, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", sys.argv[1]], stdin=subprocess.PIPE)
print(child.pid, flush=True)
while open(f"/proc/{child.pid}/stat").read().rsplit(")", 1)[1].split()[0] != "T":
    time.sleep(0.01)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone tells a process that its parent is gone")
def test_a_stopped_trainer_leaves_in_order_when_its_server_is_killed() -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT, CHILD], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = parent.stdout.readline().strip()
    try:
        # The pipe ends when the last of the two has.
        said, _ = parent.communicate(timeout=120)
    except subprocess.TimeoutExpired:
        subprocess.run(["kill", "-KILL", pid], check=False)
        raise
    assert said.split() == ["ready", "left"]
