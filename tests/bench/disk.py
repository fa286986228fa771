"""What recording costs the disk."""

import os
import re
import shutil
import signal
import subprocess
import time

from harness import WARM_UP, Machine, Recorder, note, row, scratch
from population import Population

MOST = {"tick": 32 << 10}


def synced(recorder, seconds, folder):
    """fsync and fdatasync calls per tick, of all threads, or None without strace."""
    if not shutil.which("strace"):
        return None
    calls = os.path.join(folder, "strace")
    began = recorder.status()["ticks"]
    strace = subprocess.Popen(["strace", "-f", "-qq", "-e", "trace=fsync,fdatasync,sync_file_range,msync", "-o", calls, "-p", str(recorder.process.pid)])
    time.sleep(seconds)
    ticks = recorder.status()["ticks"] - began
    strace.send_signal(signal.SIGINT)
    strace.wait()
    with open(calls) as file:
        names = re.findall(r"(\w+)\(", file.read())
    note(f"{len(names)} calls in {ticks} ticks: {({name: names.count(name) for name in set(names)})}")
    return len(names) / ticks


def written(arguments):
    """Bytes written and syncs asked for, per tick, in each --sync mode."""
    good = True
    for mode in ("tick", "10s", "off"):
        machine = Machine()
        with Population(arguments.population), scratch(arguments) as folder, Recorder(arguments.binary, folder, "--interval", "1s", "--sync", mode) as recorder:
            time.sleep(WARM_UP)
            began, before = recorder.status()["ticks"], recorder.io()
            time.sleep(arguments.seconds)
            ticks, after = recorder.status()["ticks"] - began, recorder.io()
            to_disk, asked = ((after[name] - before[name]) / ticks for name in ("write_bytes", "wchar"))
            syncs = synced(recorder, max(20, arguments.seconds // 2), folder)
        syncs = "no strace" if syncs is None else f"{syncs:.2f} syncs"
        value = f"{to_disk / 1024:.1f} KiB (write_bytes), {asked / 1024:.1f} KiB (wchar), {syncs} per tick, {ticks} ticks"
        most = MOST.get(mode)
        passed = None if most is None else max(to_disk, asked) <= most
        good &= row(f"written, --sync {mode}", value, f"<= {most >> 10} KiB" if most else "-", passed, machine)
    return good
