"""Figures of the viewer: with a week open, and at rest in a window."""

import contextlib
import os
import shutil
import subprocess
import time

from harness import Machine, Recorder, note, row, scratch
from population import Population

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
TICK = 1000 / os.sysconf("SC_CLK_TCK")


def week(arguments):
    """The viewer with a week of samples open: opening, random moments, frames, memory.

    Records the population and makes a week of it, or takes a week that was kept."""
    bench = ["cargo", "bench", "--quiet", "--manifest-path", os.path.join(ROOT, "Cargo.toml"), "-p", "afterimage-viewer", "--bench", "week", "--"]
    if arguments.file:
        return subprocess.run([*bench, arguments.file, "--out", arguments.file]).returncode == 0
    with Population(arguments.population), scratch(arguments) as folder:
        with Recorder(arguments.binary, folder, "--interval", arguments.interval, "--duration", f"{arguments.seconds}s") as recorder:
            recorder.process.wait()
        out = os.path.join(folder, "week.afterimage")
        return subprocess.run([*bench, recorder.capture, "--days", str(arguments.days), "--out", out]).returncode == 0


def cpu_of(pid):
    """CPU milliseconds of a process so far."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * TICK


@contextlib.contextmanager
def display():
    """An X server of our own."""
    reading, writing = os.pipe()
    server = subprocess.Popen(["Xvfb", "-displayfd", str(writing), "-nolisten", "tcp", "-screen", "0", "1600x1000x24"], pass_fds=[writing], stderr=subprocess.DEVNULL)
    os.close(writing)
    with open(reading) as pipe:
        number = pipe.readline().strip()
    try:
        yield f":{number}"
    finally:
        server.terminate()
        server.wait()


def idle(arguments):
    """CPU of the viewer's window at rest, with a capture open."""
    machine = Machine()
    if not shutil.which("Xvfb"):
        raise SystemExit("no Xvfb: install it (Debian: apt-get install xvfb)")
    viewer = os.path.join(os.path.dirname(arguments.binary), "afterimage-viewer")
    with scratch(arguments) as folder:
        with Recorder(arguments.binary, folder, "--interval", "1s", "--duration", "20s") as recorder:
            recorder.process.wait()
        with display() as name:
            surroundings = {**os.environ, "DISPLAY": name, "LIBGL_ALWAYS_SOFTWARE": "1", "HOME": folder, "XDG_CONFIG_HOME": folder, "XDG_RUNTIME_DIR": folder}
            surroundings.pop("WAYLAND_DISPLAY", None)
            window = subprocess.Popen([viewer, recorder.capture], env=surroundings, stderr=subprocess.DEVNULL)
            time.sleep(arguments.settle)
            before = cpu_of(window.pid)
            time.sleep(arguments.seconds)
            spent = cpu_of(window.pid) - before
            ended = window.poll()
            window.terminate()
            window.wait()
    if ended is not None:
        raise SystemExit(f"the window was gone, with exit code {ended}")
    note(f"{before:.0f} ms until it was at rest")
    return row("idle window", f"{spent:.0f} ms CPU in {arguments.seconds} s", "0", spent == 0, machine)
