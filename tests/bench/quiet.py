"""Figures of a host on which nothing special goes on: CPU, size, memory, cadence."""

import contextlib
import os
import resource
import shutil
import sqlite3
import subprocess
import time

from harness import MIB, WARM_UP, Group, Machine, Recorder, ask, median_and_range, note, read_text, row, scratch
from population import Population


def window(recorder, seconds):
    """CPU milliseconds per tick between the warm-up and the end, everything included, and the
    ticks that it is the mean of."""
    time.sleep(WARM_UP)
    ticks, cpu = recorder.status()["ticks"], recorder.group.cpu_seconds()
    time.sleep(seconds)
    ticks, cpu = recorder.status()["ticks"] - ticks, recorder.group.cpu_seconds() - cpu
    return 1000 * cpu / ticks, ticks


def one_cost(arguments):
    """One recording: CPU per tick, missed ticks, what was left out, processes."""
    with scratch(arguments) as folder:
        with Recorder(arguments.binary, folder, "--interval", "1s") as recorder:
            cost, _ = window(recorder, arguments.seconds)
            status = recorder.status()
            recorder.stop()
            whole = 1000 * recorder.group.cpu_seconds() / status["ticks"]
        info = ask(arguments.binary, "info", "--json", recorder.capture)
        processes = len(ask(arguments.binary, "ps", "--format", "json", recorder.capture))
        note(f"{cost:.2f} ms CPU per tick ({whole:.2f} with start and end), {processes} processes, {info['ticks']} ticks, {info['missed']} missed, shed {info['shed']}")
        return cost, info["missed"], info["shed"], processes


def one_atop(arguments):
    """The same for atop: CPU per sample."""
    with scratch(arguments) as folder:
        group, file = Group(), os.path.join(folder, "atop.raw")
        process = subprocess.Popen(["atop", "-w", file, "1"], preexec_fn=group.enter, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(WARM_UP)
        began, cpu = time.monotonic(), group.cpu_seconds()
        time.sleep(arguments.seconds)
        cost = 1000 * (group.cpu_seconds() - cpu) / (time.monotonic() - began)
        process.terminate()
        process.wait()
        group.remove()
        note(f"{cost:.2f} ms CPU per sample of atop, {os.path.getsize(file) / MIB:.1f} MiB")
        return cost


def cost(arguments):
    """CPU per tick, everything included, beside atop's.

    Runs alternate with atop's, so that both meet the same machine."""
    machine, ours, theirs = Machine(), [], []
    with Population(arguments.population):
        for _ in range(arguments.runs):
            ours.append(one_cost(arguments))
            if shutil.which("atop"):
                theirs.append(one_atop(arguments))
    median, text = median_and_range([cost for cost, *_ in ours])
    shed = sorted({name for _, _, names, _ in ours for name in names})
    beside = "atop not installed"
    if theirs:
        beside = f"atop {median_and_range(theirs)[1]}, {median_and_range(theirs)[0] / median:.1f} times that"
    value = f"{text} ms, {ours[0][3]} processes, shed {shed or 'nothing'}; {beside}"
    return row("CPU per tick", value, "<= 14 ms, nothing shed", median <= 14 and not shed, machine)


def growth(arguments):
    """Bytes that the capture grows by, per process-sample, once it runs."""
    machine, binary = Machine(), arguments.binary
    with Population(arguments.population), scratch(arguments) as folder:
        with Recorder(binary, folder, "--interval", "1s") as recorder:
            begin = time.monotonic()
            marks = []
            for minute in range(1, arguments.to_minute + 1):
                time.sleep(max(0, begin + 60 * minute - time.monotonic()))
                status = recorder.status()
                marks.append((status["ticks"], status["data_bytes"]))
                note(f"minute {minute}: {status['ticks']} ticks, {status['missed']} missed, data {status['data_bytes']}, shed {status['shed']}, CPU {recorder.group.cpu_seconds():.2f} s")
        counts = [len(ask(binary, "ps", "--format", "json", recorder.capture, "--at", f"+{minute}m")) for minute in range(arguments.from_minute, arguments.to_minute)]
        processes = sum(counts) / len(counts)
        info = ask(binary, "info", "--json", recorder.capture)
    (ticks, size), (last_ticks, last_size) = marks[arguments.from_minute - 1], marks[-1]
    each = (last_size - size) / ((last_ticks - ticks) * processes)
    value = f"{each:.2f} bytes, {processes:.0f} processes, minute {arguments.from_minute} to {arguments.to_minute}, {info['missed']} missed, shed {info['shed'] or 'nothing'}"
    return row("growth per process-sample", value, "<= 3.0 bytes", each <= 3.0, machine)


def table_bytes(capture):
    """Bytes of the pages of each table."""
    with contextlib.closing(sqlite3.connect(f"file:{capture}?mode=ro&immutable=1", uri=True)) as database:
        return dict(database.execute("SELECT name, sum(pgsize) FROM dbstat GROUP BY name"))


def fixed(arguments):
    """What a capture of two ticks takes: the part that does not grow."""
    machine, binary = Machine(), arguments.binary
    with Population(arguments.population), scratch(arguments) as folder:
        with Recorder(binary, folder, "--interval", "1s", "--duration", "1s") as recorder:
            recorder.process.wait()
        info = ask(binary, "info", "--json", recorder.capture)
        tables = table_bytes(recorder.capture)
        lines = len(ask(binary, "dmesg", "--format", "json", recorder.capture))
    for name, size in sorted(tables.items(), key=lambda entry: -entry[1]):
        note(f"{name}: {size} bytes")
    size = info["data_bytes"] - tables["kernel_log"]
    value = f"{size / 1024:.0f} KiB in {info['ticks']} ticks, and {tables['kernel_log'] / 1024:.0f} KiB for {lines} kernel-log lines"
    return row("fixed part", value, "<= 256 KiB", size <= 256 << 10, machine)


def one_memory(arguments, count, most):
    """A row for one population."""
    machine = Machine()
    with Population(count), scratch(arguments) as folder:
        with Recorder(arguments.binary, folder, "--interval", "1s") as recorder:
            cost, ticks = window(recorder, arguments.seconds)
            status = recorder.status()
            everything, kernel, cache, peak = recorder.group.memory_bytes()
            peak_rss = [line for line in read_text(f"/proc/{recorder.process.pid}/status").splitlines() if line.startswith("VmHWM")][0].split()[1]
            descriptors = len(os.listdir(f"/proc/{recorder.process.pid}/fd"))
        processes = len(ask(arguments.binary, "ps", "--format", "json", recorder.capture))
        info = ask(arguments.binary, "info", "--json", recorder.capture)
    note(f"now {everything / MIB:.1f} MiB; peak resident {int(peak_rss) / 1024:.1f} MiB; {descriptors} descriptors; {ticks} ticks; ended with {status['shed']} left out, over all {info['shed']}")
    value = (f"peak {peak / MIB:.1f} MiB (now {everything / MIB:.1f}, of which kernel {kernel / MIB:.1f} and page cache {cache / MIB:.1f}), {cost:.1f} ms CPU per tick, "
             f"{info['missed']} missed, shed {info['shed'] or 'nothing'}")
    return row(f"memory, {processes} processes", value, f"<= {most} MiB", peak <= most * MIB, machine)


def memory(arguments):
    """Memory of the recorder's group, kernel memory included; few and many processes.

    The limit on open files is what a service gets: it decides how many are kept open."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, max(resource.getrlimit(resource.RLIMIT_NOFILE)[1], 1024)))
    few = one_memory(arguments, arguments.population, 40)
    many = one_memory(arguments, arguments.many, 128)
    return few and many


def cadence(arguments):
    """Ticks that were taken and ticks that were missed."""
    machine = Machine()
    with Population(arguments.population), scratch(arguments) as folder:
        with Recorder(arguments.binary, folder, "--interval", "1s", "--duration", f"{arguments.seconds}s") as recorder:
            recorder.process.wait()
        info = ask(arguments.binary, "info", "--json", recorder.capture)
    for gap in info["gaps"]:
        note(f"gap: {gap}")
    ticks, wanted = info["ticks"], arguments.seconds
    passed = ticks in (wanted, wanted + 1) and info["missed"] == 0
    return row("cadence", f"{ticks} ticks in {wanted} s, {info['missed']} missed", f"{wanted} or {wanted + 1}, 0 missed", passed, machine)
