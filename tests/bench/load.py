"""Figures of a host in trouble: saturated CPUs, fork storms, kernel-log storms."""

import contextlib
import json
import os
import shutil
import signal
import sqlite3
import struct
import subprocess
import time

from datetime import datetime

from harness import MIB, Machine, Recorder, ask, median_and_range, note, read_text, row, scratch
from population import Population
from quiet import window

DEVKMSG = "/proc/sys/kernel/printk_devkmsg"


@contextlib.contextmanager
def saturation():
    """Eight tasks that use all they can get, with the ordinary policy."""
    process = subprocess.Popen(["stress-ng", "--cpu", "8", "--sched", "other"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        time.sleep(2)
        yield
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()


class Starving:
    """A task that sleeps on a pipe, pinned to CPU 0 at the lowest policy there is: woken on a
    saturated CPU it is runnable for long before it runs."""

    def __init__(self):
        wake_read, self.wake_write = os.pipe()
        self.ran_read, ran_write = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.sched_setaffinity(0, {0})
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
            os.write(ran_write, struct.pack("d", 0))
            while os.read(wake_read, 1):
                os.write(ran_write, struct.pack("d", time.time()))
            os._exit(0)
        self.ran()

    def ran(self):
        """When it ran: it may take long."""
        return struct.unpack("d", os.read(self.ran_read, 8))[0]

    def wake(self):
        """Wakes it; gives when."""
        at = time.time()
        os.write(self.wake_write, b"x")
        return at

    def end(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


def seconds_of(text):
    return datetime.fromisoformat(text).timestamp()


def starved_at_ticks(binary, capture, pid, waits):
    """Of the ticks taken while the task waited for a CPU, how many show it as R. A tick counts
    when it began 20 ms after the wake, and 200 ms before the task ran."""
    ticks = [entry["at"] for entry in ask(binary, "vmstat", "--format", "json", capture) if not entry["gap"]]
    shown, of, first = 0, 0, []
    for woken, ran in waits:
        inside = [at for at in ticks if woken + 0.02 < seconds_of(at) < ran - 0.2]
        states = []
        for at in inside:
            processes = ask(binary, "ps", "--format", "json", capture, "--at", at)
            states += [process["state"] for process in processes if process["pid"] == pid]
        note(f"woken, ran after {ran - woken:.2f} s, {len(inside)} ticks between: {''.join(states)}")
        shown, of = shown + states.count("R"), of + len(inside)
        first += states[:1]
    return shown, of, first.count("R"), len(first)


def one_saturated(arguments):
    with scratch(arguments) as folder:
        with Recorder(arguments.binary, folder, "--interval", "1s") as recorder:
            cost, ticks = window(recorder, arguments.seconds)
            starving, waits = Starving(), []
            for _ in range(arguments.wakes):
                tick = recorder.status()["ticks"]
                while recorder.status()["ticks"] == tick:
                    time.sleep(0.02)
                time.sleep(0.8)
                woken = starving.wake()
                waits.append((woken, starving.ran()))
            time.sleep(1.1)
        starving.end()
        info = ask(arguments.binary, "info", "--json", recorder.capture)
        for gap in info["gaps"]:
            note(f"gap: {gap}")
        note(f"{cost:.2f} ms CPU per tick over {ticks} ticks, {info['missed']} missed, shed {info['shed']}")
        return cost, info["missed"], info["shed"], starved_at_ticks(arguments.binary, recorder.capture, starving.pid, waits)


def saturated(arguments):
    """CPU per tick on a saturated host, ticks missed, and whether a task that was woken and does
    not get to run is seen as runnable."""
    if not shutil.which("stress-ng"):
        raise SystemExit("saturated: stress-ng is needed (Debian: apt-get install stress-ng)")
    machine = Machine()
    with Population(arguments.population), saturation():
        runs = [one_saturated(arguments) for _ in range(arguments.runs)]
    median, text = median_and_range([cost for cost, *_ in runs])
    missed = sum(missed for _, missed, *_ in runs)
    shed = sorted({name for _, _, names, _ in runs for name in names})
    shown, of, first, firsts = (sum(counts) for counts in zip(*(counts for *_, counts in runs)))
    value = f"{text} ms, {missed} missed, shed {shed or 'nothing'}; task that starves: R in {first} of {firsts} next ticks, in {shown} of {of} ticks"
    passed = median <= 16 and missed == 0 and firsts > 0 and shown == of
    return row("CPU per tick, saturated", value, "<= 16 ms, 0 missed, R in all", passed, machine)


@contextlib.contextmanager
def kernel_log_unlimited():
    """Lets everyone write as much to the kernel log as they like, for a while. The file takes
    nothing without a newline."""
    before = read_text(DEVKMSG).strip()
    with open(DEVKMSG, "w") as file:
        file.write("on\n")
    try:
        yield
    finally:
        with open(DEVKMSG, "w") as file:
            file.write(before + "\n")


def size_of(capture):
    """Bytes of the capture and of what lies beside it, while it is recorded."""
    sizes = []
    for suffix in ("", "-wal", "-shm"):
        with contextlib.suppress(OSError):
            sizes.append(os.path.getsize(capture + suffix))
    return sizes[0], sum(sizes)


def pairs(database, sql):
    return [tuple(found) for found in database.execute(sql)]


def storm_counts(capture):
    """What became of lives and lines: as the capture's plain tables say."""
    with contextlib.closing(sqlite3.connect(f"file:{capture}?mode=ro&immutable=1", uri=True)) as database:
        added_up, sums = pairs(database, "SELECT coalesce(sum(lives), 0), count(*) FROM process_sum")[0]
        one_by_one = pairs(database, "SELECT count(*) FROM process")[0][0]
        evicted = pairs(database, "SELECT name, rows, bytes, evicted_rows FROM quota")
        events = pairs(database, "SELECT kind, count(*), max(text) FROM event GROUP BY kind")
        chunks = pairs(database, "SELECT count(*), sum(ticks) FROM chunk")[0]
    note(f"{added_up} lives added up in {sums} rows, {one_by_one} one by one; {chunks[0]} chunks with {chunks[1]} ticks")
    for name, rows, size, gone in evicted:
        note(f"quota {name}: {rows} rows, {size} bytes, {gone} rows evicted")
    for kind, count, text in events:
        note(f"event {kind}: {count}, such as {text!r}")
    evicted_rows = {name: gone for name, _, _, gone in evicted if gone}
    return added_up, one_by_one, evicted_rows, {kind: count for kind, count, _ in events}


def storm(arguments):
    """Forks and kernel-log lines in masses: machine totals of the whole time must be kept, within
    the size limit."""
    machine, binary = Machine(), arguments.binary
    largest = largest_with_log = waiting = 0
    troubles = []
    with contextlib.ExitStack() as stack:
        population = stack.enter_context(Population(arguments.population))
        folder = stack.enter_context(scratch(arguments))
        recorder = stack.enter_context(Recorder(binary, folder, "--interval", "1s", "--max-size", arguments.max_size))
        cpu = recorder.group.cpu_seconds()
        began = recorder.status()["ticks"]
        storms = []
        if arguments.forks:
            storms.append(population.start("forks", ["/usr/bin/storm", "--job=" + "0" * 20], count=arguments.forks, life_ms=800))
        if arguments.lines:
            stack.enter_context(kernel_log_unlimited())
            storms.append(population.start("kmsg", ["/usr/bin/logger"], count=arguments.lines, bytes=80))
        forks_before = forks_so_far()
        end = time.monotonic() + arguments.seconds
        while time.monotonic() < end:
            time.sleep(1)
            main, all_ = size_of(recorder.capture)
            largest, largest_with_log = max(largest, main), max(largest_with_log, all_)
            status = recorder.status()
            waiting = max(waiting, status["not_on_disk_ticks"])
            troubles += [status["trouble"]] if status["trouble"] else []
        forks = (forks_so_far() - forks_before) / arguments.seconds
        for pid in storms:
            population.end(pid)
        time.sleep(2)
        status = recorder.status()
        cost = 1000 * (recorder.group.cpu_seconds() - cpu) / (status["ticks"] - began)
        peak = recorder.group.memory_bytes()[3]
        note(f"status at the end: {json.dumps(status)}")
        recorder.stop()
        info = ask(binary, "info", "--json", recorder.capture)
        rows = [entry for entry in ask(binary, "vmstat", "--format", "json", recorder.capture) if not entry["gap"]]
        check = subprocess.run([binary, "check", recorder.capture], stdout=subprocess.PIPE, text=True)
        added_up, one_by_one, evicted, events = storm_counts(recorder.capture)
    for trouble in set(troubles):
        note(f"in trouble for {troubles.count(trouble)} s: {trouble}")
    for gap in info["gaps"]:
        note(f"gap: {gap}")
    note(f"check: {check.stdout.strip()} (exit code {check.returncode}); runs {info['runs']}; notes {info['notes']}")
    blank = sum(1 for entry in rows if entry["r"] is None)
    limit = mib(arguments.max_size)
    whole = len(rows) == info["ticks"] and blank == 0 and info["missed"] == 0 and info["ticks"] >= arguments.seconds
    value = (f"{info['ticks']} ticks, {len(rows) - blank} readable, {info['missed']} missed, at most {waiting} not on disk; {forks:.0f} forks/s: {added_up} lives added up, {one_by_one} one by one; evicted {evicted or 'nothing'}; events {events}; "
             f"{info['data_bytes'] / MIB:.1f} MiB at the end, file at most {largest / MIB:.1f}, with log {largest_with_log / MIB:.1f}; {cost:.1f} ms CPU per tick, peak memory {peak / MIB:.0f} MiB, shed {info['shed'] or 'nothing'}")
    passed = whole and largest <= limit and waiting <= 2 and not troubles and check.returncode == 0
    return row("storm", value, f"every tick readable and on disk, 0 missed, <= {arguments.max_size}", passed, machine)


def forks_so_far():
    return next(int(line.split()[1]) for line in read_text("/proc/stat").splitlines() if line.startswith("processes "))


def mib(text):
    return int(text.removesuffix("MiB")) * MIB
