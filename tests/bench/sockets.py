#!/usr/bin/env python3
"""What sockets cost a recorder: CPU time per tick with N TCP sockets on loopback.

In: how many sockets, for how long, which binary. Out: a line with milliseconds of CPU per tick,
the whole recorder and its `sockets` thread alone, and how often it listed them. Everything runs in
a network namespace of its own: root, Linux, Python 3.9. Processes are those of the machine.

    sockets.py [N ...] [--seconds S] [--binary PATH]        default 0 1000 10000
"""

import argparse
import json
import os
import resource
import socket
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
WARM_SECONDS = 8


def population(number):
    """Both ends of so many connections, half as many as sockets, and their listener."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(1024)
    ends = [listener]
    for _ in range(number // 2):
        ends += [socket.create_connection(listener.getsockname()), listener.accept()[0]]
    return ends


def spent(pid):
    """CPU time in ms of each thread, by name and id."""
    times = {}
    for tid in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{tid}/comm") as name, open(f"/proc/{pid}/task/{tid}/schedstat") as stat:
            times[name.read().strip(), tid] = int(stat.read().split()[0]) / 1e6
    return times


def measure(number, seconds, binary):
    ends = population(number)
    with tempfile.TemporaryDirectory() as folder:
        capture = os.path.join(folder, "a")
        command = [binary, "record", "-o", capture, "--socket", os.path.join(folder, "s")]
        recorder = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        try:
            time.sleep(WARM_SECONDS)
            before = spent(recorder.pid)
            time.sleep(seconds)
            after = spent(recorder.pid)
        finally:
            recorder.terminate()
            recorder.wait()
        used = {key: after[key] - before.get(key, 0) for key in after}
        info = json.loads(subprocess.run([binary, "info", "--json", capture], stdout=subprocess.PIPE, check=True).stdout)
    own = sum(time for (name, _), time in used.items() if name == "sockets")
    listed = next(source["detail"] for source in info["sources"] if source["name"] == "sock_diag")
    print(f"{number:6} sockets: {sum(used.values()) / seconds:6.2f} ms of CPU a tick, of these {own / seconds:5.2f} "
          f"for sockets; {listed}; shed: {', '.join(info['shed']) or 'none'}", flush=True)
    for end in ends:
        end.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("numbers", type=int, nargs="*", default=[0, 1000, 10000])
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--binary", default=os.path.join(HERE, "../../target/release/afterimage"))
    args = parser.parse_args()
    if os.environ.get("SOCKETS_NAMESPACE") != "own":
        os.environ["SOCKETS_NAMESPACE"] = "own"
        os.execvp("unshare", ["unshare", "-n", sys.executable, *sys.argv])
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    for number in args.numbers:
        measure(number, args.seconds, args.binary)


main()
