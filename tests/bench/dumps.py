"""Figures of thread dumps: a Tomcat with a lock that is never given back, dumped again and again.

In: a recorder, Tomcat 10 and a JDK (`tomcat.py`), a C compiler. Out: a row for each figure. The
pause is the JVM's own count, the rise of `sun.rt.safepointTime` in its hsperfdata over a whole
dump, read by this program before and after, in the same way for ours and for `jcmd`.
"""

import contextlib
import json
import os
import re
import sqlite3
import subprocess
import time

import tomcat
from harness import WARM_UP, Machine, Recorder, ask, median_and_range, note, row, scratch

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
KIB = 1024
# Threads that sleep, as those of a server do.
SLEEPERS = """
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>
static void *wait_for_ever(void *nothing) { for (;;) pause(); return nothing; }
int main(int argc, char **argv) {
    for (int left = atoi(argv[argc - 1]) - 1; left > 0; left--) {
        pthread_t thread;
        pthread_create(&thread, NULL, wait_for_ever, NULL);
    }
    wait_for_ever(NULL);
}
"""


def dump(recorder, pid):
    """One dump by hand; what the recorder says of it."""
    told = subprocess.run([recorder.binary, "dump", str(pid), "--json", "--socket", recorder.socket], stdout=subprocess.PIPE)
    return json.loads(told.stdout)[0]


def rows_of(recorder):
    """Of each dump of the capture: sizes, times, and whether it leans on another."""
    columns = "coalesce(length(body), 0), coalesce(length(kernel_before), 0) + coalesce(length(kernel_after), 0), base_id IS NULL, pid, kind, wall_us, cpu_us"
    with contextlib.closing(sqlite3.connect(f"file:{recorder.capture}?mode=ro", uri=True)) as database:
        return list(database.execute(f"SELECT {columns} FROM thread_dump ORDER BY id"))


def table_bytes(recorder):
    with contextlib.closing(sqlite3.connect(f"file:{recorder.capture}?mode=ro&immutable=1", uri=True)) as database:
        return sum(size for size, in database.execute("SELECT pgsize FROM dbstat WHERE name = 'thread_dump'"))


def pauses(recorder, server, times):
    """How long the JVM stood still for ours and for jcmd's, in turns."""
    ours, theirs, took = [], [], []
    for _ in range(times):
        before = server.stood_still()
        told = dump(recorder, server.process.pid)
        between = server.stood_still()
        subprocess.run(["jcmd", str(server.process.pid), "Thread.print"], stdout=subprocess.DEVNULL, check=True)
        after = server.stood_still()
        assert told["status"] == "ok", told
        ours.append(between - before)
        theirs.append(after - between)
        took.append(told["took_ms"])
    return ours, theirs, took


def cpu_per_dump(recorder, pid, rounds, dumps):
    """CPU milliseconds of the recorder's group for each dump: with dumps, less without."""
    def window(seconds, work):
        ticks, cpu, begin = recorder.status()["ticks"], recorder.group.cpu_seconds(), time.monotonic()
        work()
        time.sleep(max(0, begin + seconds - time.monotonic()))
        return 1000 * (recorder.group.cpu_seconds() - cpu), recorder.status()["ticks"] - ticks

    def taken():
        for _ in range(dumps):
            dump(recorder, pid)
            time.sleep(1)

    each = []
    for _ in range(rounds):
        seconds = dumps * 1.5
        (idle, idle_ticks), (busy, busy_ticks) = window(seconds, lambda: None), window(seconds, taken)
        each.append((busy - busy_ticks * idle / idle_ticks) / dumps)
        note(f"{busy:.1f} ms in {busy_ticks} ticks with {dumps} dumps, {idle:.1f} ms in {idle_ticks} ticks without")
    return each


def kernel_view(recorder, folder, threads, times):
    """Pids of processes of so many threads, each looked at twice by dumps that are refused, as they are no JVM."""
    source, program = os.path.join(folder, "sleepers.c"), os.path.join(folder, "sleepers")
    with open(source, "w") as file:
        file.write(SLEEPERS)
    subprocess.run(["cc", "-O1", "-pthread", "-o", program, source], check=True)
    pids = []
    for _ in range(times):
        with subprocess.Popen([program, str(threads)]) as sleepers:
            time.sleep(0.5)
            pids.append(sleepers.pid)
            for _ in range(2):
                dump(recorder, sleepers.pid)
            sleepers.kill()
    return pids


def a_day(recorder, server, dumps):
    """Dumps one after the other, requests in between: what each adds to the table."""
    for _ in range(dumps):
        server.work(20)
        dump(recorder, server.process.pid)


def benched(package, bench, found, *options):
    """The numbers that a benchmark of the repository prints."""
    command = ["cargo", "bench", "--quiet", "--manifest-path", os.path.join(ROOT, "Cargo.toml"), "-p", package, "--bench", bench, "--", *options]
    printed = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    for line in printed.stdout.splitlines():
        note(line)
    return re.findall(found, printed.stdout)


def median_ms(value, unit):
    return float(value) * {"ns": 1e-6, "µs": 1e-3, "ms": 1, "s": 1e3}[unit]


def dumps(arguments):
    """Thread dumps of a Tomcat of 160 threads: pause beside jcmd's, time, CPU, size, reading them.

    The server has a lock that is never given back, and 40 requests that wait for it."""
    if tomcat.missing():
        raise SystemExit(tomcat.missing())
    machine, binary = Machine(), arguments.binary
    with scratch(arguments) as folder, tomcat.Tomcat(folder, 140) as server:
        with Recorder(binary, folder, "--interval", "1s") as recorder:
            server.work(500)
            server.get_stuck(40)
            time.sleep(WARM_UP)
            threads, pid = server.live_threads(), server.process.pid
            dump(recorder, pid)
            ours, theirs, took = pauses(recorder, server, arguments.times)
            cpu = cpu_per_dump(recorder, pid, 3, arguments.times)
            alone = kernel_view(recorder, folder, 171, arguments.times)
            server.go_on()
            sized = len(rows_of(recorder))
            a_day(recorder, server, arguments.day)
        stored = rows_of(recorder)
        pages = table_bytes(recorder)
        states = ask(binary, "threads", "--format", "json", recorder.capture, "--at", "end", "--pid", str(pid))["dumps"][-1]["states"]
    note(f"{threads} threads of the kernel; the last dump has {states}")
    hotspot = [entry for entry in stored if entry[4] == "hotspot" and entry[3] == pid]
    text = lambda entries: [entry[0] / KIB for entry in entries]
    whole = lambda entries: [(entry[0] + entry[1]) / KIB for entry in entries]
    first, later = [entry for entry in hotspot if entry[2]], [entry for entry in hotspot if not entry[2]]
    views = [entry[6] / 1000 for entry in stored if entry[3] in alone]
    note(f"CPU as the rows have it: {median_and_range([entry[6] / 1000 for entry in hotspot])[1]} ms; with both views of the kernel a first one takes "
         f"{median_and_range(whole(first))[1]} KiB, a later one {median_and_range(whole(later))[1]}; {sized} rows before the day")
    return all(list(judged(arguments, machine, threads, (ours, theirs, took, cpu, views, text(first), text(later), pages / len(stored)))))


def judged(arguments, machine, threads, measured):
    """The rows."""
    ours, theirs, took, cpu, views, first, later, each = measured
    (pause, pause_text), (other, other_text) = (median_and_range(times, "{:.2f}") for times in (ours, theirs))
    yield row("pause of a dump", f"{pause_text} ms; jcmd Thread.print {other_text}; {pause / other:.2f} times that, {threads} threads", "<= 1.2 times", pause <= 1.2 * other, machine)

    def at_most(figure, values, unit, most, more=""):
        middle, words = median_and_range(values)
        return row(figure, f"{words} {unit}{more}", f"<= {most} {unit}", middle <= most, machine)

    yield at_most("a whole dump", took, "ms", 100)
    yield at_most("CPU of a dump, everything ours", cpu, "ms", 20)
    again = median_and_range(views[1::2])[1]
    yield at_most("CPU of the kernel's view of 171 threads", views[::2], "ms", 10, f" when it looks at them first, {again} later")
    yield at_most("the text of a first dump", first, "KiB", 10)
    yield at_most("of each following", later, "KiB", 5)
    day = 1440 * each / 1e6
    yield row("a dump a minute for a day", f"{day:.1f} MB, by {arguments.day} dumps and more, everything included", "<= 6 MB", day <= 6, machine)
    if arguments.cargo == "no":
        return
    parsed = benched("afterimage-analysis", "dumps", r"─ (hotspot17-\S+)\s+[^│]+│[^│]+│\s*([\d.]+) (\S+)\s*│", "parse")
    yield at_most("parsing a dump", [median_ms(value, unit) for _, value, unit in parsed], "ms", 2)
    opened = benched("afterimage-viewer", "dumps", r"all read: (\d+) ms of CPU")
    yield at_most("opening 1,000 dumps", [float(value) for value in opened], "ms", 2000)
