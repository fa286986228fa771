"""Figures of whoever looks: one moment of a capture, and copies made while it is recorded."""

import contextlib
import json
import os
import random
import sqlite3
import subprocess
import time

from harness import MIB, Machine, Recorder, ask, median_and_range, note, row, scratch
from load import seconds_of
from population import Population

PIECE = 64 << 10


def cpu_of(*command):
    """CPU milliseconds of a whole process, from start to exit."""
    null = [(os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0)]
    pid = os.posix_spawn(command[0], command, os.environ, file_actions=null)
    _, status, usage = os.wait4(pid, 0)
    if status:
        raise SystemExit(f"{command} ended with {os.waitstatus_to_exitcode(status)}")
    return 1000 * (usage.ru_utime + usage.ru_stime)


def seek(arguments):
    """CPU of `afterimage ps FILE --at T`, the whole process, for random moments."""
    machine = Machine()
    if arguments.file:
        return one_seek(arguments, arguments.file, machine)
    with Population(arguments.population), scratch(arguments) as folder:
        with Recorder(arguments.binary, folder, "--interval", "1s", "--duration", f"{arguments.seconds}s") as recorder:
            recorder.process.wait()
        return one_seek(arguments, recorder.capture, machine)


def edges_of(binary, capture):
    """The moments where the most must be unpacked: the first tick of each chunk and of the tail, whose
    rates need the chunk before, and the last tick, before which all of the tail lies."""
    ticks = [row["at"] for row in ask(binary, "uptime", "--format", "json", capture) if not row["gap"]]
    with contextlib.closing(sqlite3.connect(f"file:{capture}?mode=ro", uri=True)) as database:
        # The number of the first tick; before it there may have been others, which were evicted.
        chunks = [first for first, in database.execute("SELECT id FROM chunk ORDER BY id")]
        tail, = database.execute("SELECT min(id) FROM tail").fetchone()
    firsts = chunks + ([tail] if tail else [])
    oldest = firsts[0] if firsts else 1
    return [ticks[first - oldest] for first in firsts if first - oldest < len(ticks)] + ticks[-1:]


def one_seek(arguments, capture, machine):
    binary = arguments.binary
    info = ask(binary, "info", "--json", capture)
    span = seconds_of(info["to"]) - seconds_of(info["from"])
    dice = random.Random(1)
    anywhere = [f"+{dice.randrange(int(1000 * span))}ms" for _ in range(arguments.times)]
    edges = edges_of(binary, capture)
    edges = dice.sample(edges, min(len(edges), arguments.times))

    def cost_of(at):
        # What else the machine does can only add.
        return min(cpu_of(binary, "ps", capture, "--at", at) for _ in range(3))

    def costs_of(moments):
        return sorted(cost_of(at) for at in moments)

    costs, at_edges = costs_of(anywhere), costs_of(edges)
    processes = len(ask(binary, "ps", "--format", "json", capture))
    note(f"`--version` {cpu_of(binary, '--version'):.1f} ms")
    (_, text), (_, edge_text) = median_and_range(costs), median_and_range(at_edges)
    value = f"{text} ms CPU, at {len(edges)} edges of chunks {edge_text}; {processes} processes, {info['ticks']} ticks, {info['size_bytes'] / MIB:.1f} MiB"
    return row("one moment (`ps --at`)", value, "each <= 10 ms", max(costs + at_edges) <= 10, machine)


def copy_slowly(source, destination, seconds):
    """What `cp` over a slow line does: from front to back, once, at an even pace."""
    with open(source, "rb", buffering=0) as old, open(destination, "wb", buffering=0) as new:
        total, done, began = os.fstat(old.fileno()).st_size, 0, time.monotonic()
        while piece := old.read(PIECE):
            new.write(piece)
            done += len(piece)
            time.sleep(max(0, began + seconds * done / total - time.monotonic()))
    return done


def fill(arguments, folder):
    """A capture of some 40 chunks, made large by free pages among them, as eviction leaves them:
    to fill it with samples would take hours."""
    options = ["--interval", "20ms", "--budget-cpu", "100", "--sync", "off", "--duration", "50s"]
    with Population(arguments.population), Recorder(arguments.binary, folder, *options) as recorder:
        recorder.process.wait()
    with contextlib.closing(sqlite3.connect(recorder.capture, isolation_level=None)) as database:
        database.execute("CREATE TABLE padding (bytes BLOB)")
        database.execute("BEGIN")
        while os.path.getsize(recorder.capture) < arguments.mib * MIB:
            database.execute("INSERT INTO padding VALUES (randomblob(?))", (4 * MIB,))
            database.execute("COMMIT")
            database.execute("BEGIN")
        database.execute("DROP TABLE padding")
        database.execute("COMMIT")
    info = ask(arguments.binary, "info", "--json", recorder.capture)
    note(f"filled: {info['ticks']} ticks, {info['missed']} missed, {info['data_bytes'] / MIB:.1f} MiB in a file of {info['size_bytes'] / MIB:.1f} MiB")
    return recorder.capture


def look_at(binary, copy):
    """Whether a copy opens, what it lost, and how far it is behind."""
    opened = subprocess.run([binary, "info", "--json", copy], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if opened.returncode:
        return False, False, None, f"info: {opened.returncode} {opened.stderr.strip()}"
    info = json.loads(opened.stdout)
    checked = subprocess.run([binary, "check", "--json", copy], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    damaged = json.loads(checked.stdout)["damaged"] if checked.stdout else [checked.stderr.strip()]
    chunks = [entry for entry in damaged if not isinstance(entry, dict) or entry["table"] in ("chunk", "chunk_body", "tail")]
    words = f"{info['state']}, {info['ticks']} ticks, {info['missed']} missed, {info['behind_seconds']} s behind, check {checked.returncode}: {len(damaged)} damaged {damaged[:3]}, notes {info['notes']}"
    return True, not chunks and not info["damaged_frames"], info["behind_seconds"], words


def copies(arguments):
    """Throttled copies of the main file alone, while it is recorded."""
    machine, binary = Machine(), arguments.binary
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(scratch(arguments))
        capture = fill(arguments, folder)
        stack.enter_context(Population(arguments.population))
        options = ["--interval", arguments.interval]
        recorder = stack.enter_context(Recorder(binary, folder, *options))
        found, dice = [], random.Random(1)
        for number in range(arguments.times):
            copy = os.path.join(folder, f"copy-{number}.afterimage")
            # Anywhere between two checkpoints.
            time.sleep(dice.uniform(5, 20))
            ticks = recorder.status()["ticks"]
            size = copy_slowly(capture, copy, arguments.seconds)
            found.append(look_at(binary, copy))
            note(f"copy {number}, begun at tick {ticks}, {size / MIB:.0f} MiB: {found[-1][3]}")
            os.remove(copy)
        largest_log = os.path.getsize(capture + "-wal")
        status = recorder.status()
    opened, whole = sum(one[0] for one in found), sum(one[1] for one in found)
    behind = [one[2] for one in found if one[2] is not None]
    value = (f"{opened} of {len(found)} open, {whole} whole, {median_and_range(behind, '{:.0f}')[1] if behind else '?'} s behind (copied in {arguments.seconds} s), {size / MIB:.0f} MiB each; "
             f"log {largest_log / MIB:.1f} MiB, {status['missed']} ticks missed")
    passed = opened == len(found) and 10 * whole >= 9 * len(found)
    return row("copies while recording", value, "all open, 9 of 10 whole", passed, machine)
