#!/usr/bin/env python3
"""A repeatable population of mostly idle processes, for a recorder to record.

In: how many, and a seed; the same two give the same mix. Out: running processes (member.c), of
which 60 % never wake, 30 % wake each 1-10 s and 10 % each 50-250 ms; beside them one that uses
a tenth of a CPU, one that writes and syncs a file, five with threads, two whose resident set
walks, one with 25 loopback connections, and one that starts 5 short lives a second. They die
with whoever started them. What they do is theirs alone: nothing is measured here.

By hand: population.py [N] [--seed N]; Ctrl-C ends it.
"""

import argparse
import hashlib
import os
import random
import signal
import subprocess
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
JARS = ("netty-all jackson-databind slf4j-api logback-classic guava kafka-clients protobuf-java grpc-core "
        "commons-lang3 snakeyaml hikaricp postgresql lz4-java zstd-jni").split()
KINDS = {"nginx": 10, "php": 10, "postgres": 20, "gunicorn": 10, "java": 4, "node": 6, "agent": 10, "chrome": 5,
         "sshd": 8, "containerd": 5, "redis": 4, "bash": 8}


def built():
    """The path of the compiled member.c: built once per version of it, static where possible."""
    source = os.path.join(HERE, "member.c")
    with open(source, "rb") as file:
        version = hashlib.sha256(file.read()).hexdigest()[:12]
    folder = os.path.join(tempfile.gettempdir(), f"afterimage-bench-{os.getuid()}")
    os.makedirs(folder, mode=0o700, exist_ok=True)
    program = os.path.join(folder, f"member-{version}")
    if not os.path.exists(program):
        new = f"{program}.{os.getpid()}"
        compile_ = [os.environ.get("CC", "cc"), "-O2", "-Wall", "-pthread", "-o", new, source]
        if subprocess.run([*compile_, "-static"], stderr=subprocess.DEVNULL).returncode:
            subprocess.run(compile_, check=True)
        os.rename(new, program)
    return program


def command_line(dice, number):
    """Arguments as one meets them, from `-bash` to a class path of 14 jars."""
    port, pick = dice.randrange(1024, 65000), dice.randrange
    kind = dice.choices(list(KINDS), list(KINDS.values()))[0]
    if kind == "nginx":
        return ["nginx: worker process"]
    if kind == "php":
        return [f"php-fpm: pool www{pick(9)}"]
    if kind == "postgres":
        return [f"postgres: 15/main: app{pick(20)} orders 10.0.{pick(9)}.{pick(250)}({port}) idle"]
    if kind == "gunicorn":
        return ["/srv/app/venv/bin/python3", "/srv/app/venv/bin/gunicorn", "--workers", "9", "--bind", f"127.0.0.1:{port}", "shop.wsgi:application"]
    if kind == "java":
        jars = ":".join(f"/opt/service-{number}/lib/{jar}-{pick(9)}.{pick(40)}.jar" for jar in JARS)
        return ["/usr/lib/jvm/java-17-openjdk-amd64/bin/java", "-Xms512m", "-Xmx2g", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=200",
                f"-Djava.io.tmpdir=/var/tmp/service-{number}", "-cp", jars, f"com.example.service{number}.Main"]
    if kind == "node":
        return ["node", "--max-old-space-size=512", f"/srv/front-{pick(12)}/server.js", "--port", str(port)]
    if kind == "agent":
        return ["/usr/bin/node_exporter", f"--web.listen-address=:{port}", "--collector.filesystem.mount-points-exclude=^/(sys|proc|dev)($|/)"]
    if kind == "chrome":
        return ["/opt/google/chrome/chrome", "--type=renderer", "--lang=en-US", "--num-raster-threads=4", f"--renderer-client-id={number}",
                f"--time-ticks-at-unix-epoch=-{dice.getrandbits(50)}", f"--field-trial-handle=0,i,{dice.getrandbits(62)},{dice.getrandbits(62)},262144",
                f"--disable-features=Feature{pick(99)},Feature{pick(99)}", "--variations-seed-version"]
    if kind == "sshd":
        return [f"sshd: user{pick(30)}@pts/{pick(200)}"]
    if kind == "containerd":
        return ["/usr/bin/containerd-shim-runc-v2", "-namespace", "k8s.io", "-id", f"{dice.getrandbits(256):064x}", "-address", "/run/containerd/containerd.sock"]
    if kind == "redis":
        return ["/usr/bin/redis-server", f"127.0.0.1:{port}"]
    return ["-bash"]


class Population:
    """The processes, from `with` to its end."""

    def __init__(self, count, seed=1):
        self.count, self.seed, self.children = count, seed, []

    def start(self, role, arguments, **settings):
        """Starts one member; gives its pid."""
        environment = {f"BENCH_{name.upper()}": str(value) for name, value in settings.items()}
        environment |= {"BENCH_ROLE": role, "BENCH_PARENT": str(os.getpid()), "PATH": "/usr/bin:/bin"}
        null = [(os.POSIX_SPAWN_OPEN, fd, "/dev/null", os.O_RDWR, 0) for fd in (0, 1)]
        pid = os.posix_spawn(built(), arguments, environment, file_actions=null)
        self.children.append(pid)
        return pid

    def end(self, pid):
        """Ends one member and everything that it started."""
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        self.children.remove(pid)

    def __enter__(self):
        dice = random.Random(self.seed)
        for number in range(self.count):
            share, line = dice.random(), command_line(dice, number)
            if share < 0.6:
                self.start("idle", line)
            elif share < 0.9:
                self.start("wake", line, period_ms=dice.randrange(1000, 10000), work_us=40)
            else:
                self.start("wake", line, period_ms=dice.randrange(50, 250), work_us=30)
        if self.count:
            self.start_busy()
        time.sleep(0.5)
        for pid in self.children:
            if os.waitpid(pid, os.WNOHANG) != (0, 0):
                self.children.remove(pid)
                self.__exit__()
                raise SystemExit("population: a member ended at once")
        return self

    def start_busy(self):
        """The eleven that are not idle."""
        self.start("wake", ["/usr/bin/ffmpeg", "-i", "in.mkv", "-c:v", "libx264", "out.mp4"], period_ms=90, work_us=10000)
        file = os.path.join(tempfile.gettempdir(), f"afterimage-bench-io-{time.monotonic_ns()}")
        self.start("io", ["/usr/bin/rsync", "-a", "/srv/data/", "backup:/data/"], period_ms=50, file=file)
        for place, threads in enumerate((4, 8, 8, 16, 32)):
            self.start("threads", ["/usr/sbin/mysqld", f"--port={3306 + place}"], count=threads, period_ms=500)
        for place in range(2):
            self.start("walk", ["/usr/bin/memcached", "-m", "64", "-p", str(11211 + place)], period_ms=100)
        self.start("tcp", ["/usr/sbin/haproxy", "-Ws", "-f", "/etc/haproxy/haproxy.cfg"], count=25, period_ms=200)
        self.start("lives", ["/usr/sbin/cron", "-f"], period_ms=200)

    def __exit__(self, *_):
        for pid in list(self.children):
            self.end(pid)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("count", nargs="?", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with Population(arguments.count, arguments.seed) as population:
            print(f"{len(population.children)} processes run; Ctrl-C ends them", flush=True)
            signal.pause()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
