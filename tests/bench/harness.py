"""What the figures share: a namespace of their own, a recorder in a control group, a table row.

In: a binary and its options. Out: the kernel's own counts of what the recorder used (CPU time
and memory of its group, bytes written), what it says of itself, and one line for each figure.
CPU time and ratios only: wall time says more about the machine than about the recorder.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

WARM_UP = 6
MIB = 1 << 20


def isolate():
    """Goes on in a PID namespace: other work on the machine is then neither recorded nor counted
    among the processes. Machine totals and the kernel log are the machine's all the same."""
    if os.environ.get("AFTERIMAGE_BENCH_ISOLATED"):
        return
    if os.geteuid() or not shutil.which("unshare"):
        note("not root, or no unshare: every process of this machine is recorded")
        return
    os.environ["AFTERIMAGE_BENCH_ISOLATED"] = "1"
    unshare = ["unshare", "--pid", "--mount", "--fork", "--mount-proc", "--kill-child"]
    # A shell as the first process: it collects orphans, which Python would not.
    os.execvp("unshare", [*unshare, "sh", "-c", '"$@"; exit $?', "sh", sys.executable, *sys.argv])


def note(text):
    """Something beside the row: standard error."""
    print(f"  {text}", file=sys.stderr, flush=True)


def median_and_range(numbers, form="{:.1f}"):
    ordered = sorted(numbers)
    middle = len(ordered) // 2
    median = ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
    text = form.format(median)
    return median, text if len(ordered) == 1 else f"{text} ({form.format(ordered[0])}-{form.format(ordered[-1])})"


def read_text(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


class Machine:
    """What else went on while a figure was taken."""

    def __init__(self):
        self.began = self.times()

    @staticmethod
    def times():
        fields = [int(field) for field in read_text("/proc/stat").split("\n", 1)[0].split()[1:9]]
        return fields

    def __str__(self):
        spent = [now - then for now, then in zip(self.times(), self.began)]
        user, nice, system, idle, iowait, irq, softirq, steal = spent
        total = sum(spent) or 1
        busy = (user + nice + system + irq + softirq) * os.cpu_count() / total
        load = os.getloadavg()[0]
        return f"{os.cpu_count()} CPUs, {busy:.1f} busy, {100 * steal / total:.0f} % steal, load {load:.0f}"


def row(figure, value, must, passed, machine):
    """The one line that a figure prints; `passed` is None where nothing is required."""
    verdict = {True: "pass", False: "FAIL", None: "-"}[passed]
    print(f"| {figure} | {value} | {must} | {verdict} | {machine} |", flush=True)
    return passed is not False


class Group:
    """A control group: v1 (cpuacct and memory) or v2."""

    def __init__(self):
        name = f"afterimage-bench-{time.monotonic_ns()}"
        root = "/sys/fs/cgroup"
        self.v1 = os.path.exists(f"{root}/cpuacct")
        if self.v1:
            self.cpu, self.memory = f"{root}/cpuacct/{name}", f"{root}/memory/{name}"
        else:
            self.cpu = self.memory = f"{root}/{name}"
            with contextlib.suppress(OSError), open(f"{root}/cgroup.subtree_control", "w") as file:
                file.write("+cpu +memory")
        for folder in {self.cpu, self.memory}:
            os.mkdir(folder)

    def enter(self):
        """Puts the calling process into it; for between fork and exec."""
        for folder in {self.cpu, self.memory}:
            with open(f"{folder}/cgroup.procs", "w") as file:
                file.write("0")

    def cpu_seconds(self):
        """CPU time of everything that ever was in it."""
        if self.v1:
            return int(read_text(f"{self.cpu}/cpuacct.usage")) / 1e9
        return dict_of(f"{self.cpu}/cpu.stat")["usage_usec"] / 1e6

    def memory_bytes(self):
        """Bytes now, as (all, kernel, page cache, most ever); all includes the other two."""
        stat = dict_of(f"{self.memory}/memory.stat")
        if self.v1:
            names = ["memory.usage_in_bytes", "memory.kmem.usage_in_bytes", "memory.max_usage_in_bytes"]
            everything, kernel, most = (int(read_text(f"{self.memory}/{name}")) for name in names)
            return everything, kernel, stat["cache"], most
        everything = int(read_text(f"{self.memory}/memory.current"))
        peak = f"{self.memory}/memory.peak"
        most = int(read_text(peak)) if os.path.exists(peak) else everything
        return everything, stat.get("kernel", stat["slab"]), stat["file"], most

    def remove(self):
        for folder in {self.cpu, self.memory}:
            for _ in range(50):
                with contextlib.suppress(OSError):
                    os.rmdir(folder)
                    break
                time.sleep(0.1)


def dict_of(path):
    return {name: int(value) for name, value in (line.split() for line in read_text(path).splitlines())}


class Recorder:
    """A running `afterimage record` in a group of its own, from `with` to its end."""

    def __init__(self, binary, folder, *options, capture=None):
        self.binary, self.folder, self.options = binary, folder, options
        self.capture = capture or os.path.join(folder, "bench.afterimage")
        self.socket = os.path.join(folder, "socket")

    def __enter__(self):
        self.group = Group()
        command = [self.binary, "record", "--output", self.capture, "--socket", self.socket, *self.options]
        self.log = os.path.join(self.folder, "record.log")
        with open(self.log, "a") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=self.group.enter)
        end = time.monotonic() + 30
        while time.monotonic() < end and self.process.poll() is None:
            with contextlib.suppress(subprocess.CalledProcessError):
                if self.status()["ticks"]:
                    return self
            time.sleep(0.1)
        if self.process.poll() is None:
            self.process.kill()
        raise SystemExit(f"the recorder did not start: {read_text(self.log)}")

    def status(self):
        command = [self.binary, "status", "--socket", self.socket]
        return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout)

    def io(self):
        """/proc/PID/io: what was handed to write(2), and what will reach the disk."""
        return {name: int(value) for name, value in (line.split(": ") for line in read_text(f"/proc/{self.process.pid}/io").splitlines())}

    def stop(self):
        """Ends it cleanly, once."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                note("the recorder had to be killed")
                self.process.kill()
                self.process.wait()

    def __exit__(self, *_):
        self.stop()
        if self.process.returncode:
            note(f"the recorder ended with {self.process.returncode}: {read_text(self.log)[-500:]}")
        self.group.remove()


def ask(binary, *arguments):
    """Runs a command that prints JSON."""
    return json.loads(subprocess.run([binary, *arguments], check=True, stdout=subprocess.PIPE).stdout)


@contextlib.contextmanager
def scratch(arguments):
    """A folder for captures: removed afterwards unless --keep."""
    folder = tempfile.mkdtemp(prefix="afterimage-bench-", dir=arguments.folder)
    try:
        yield folder
    finally:
        if arguments.keep:
            note(f"kept {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
