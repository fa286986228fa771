"""A Tomcat in trouble: a page takes a lock and never gives it back, and requests pile up behind it.

In: Debian's Tomcat 10 (`tomcat10-common`, without its service) and a Java virtual machine. Out: a
server on loopback in a temporary folder, with its pid and its counters.
"""

import contextlib
import http.client
import os
import shutil
import socket
import struct
import subprocess
import threading
import time

HOME = "/usr/share/tomcat10"
FIXTURE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fixtures", "tomcat")
OPENED = ["java.base/java.lang", "java.base/java.io", "java.base/java.util", "java.base/java.util.concurrent", "java.rmi/sun.rmi.transport"]


def missing():
    """Why there is none here, if so."""
    if not os.path.exists(f"{HOME}/bin/bootstrap.jar"):
        return "no Tomcat 10: install it (Debian: apt-get install --no-install-recommends tomcat10-common)"
    tools = [name for name in ("java", "jcmd") if not shutil.which(name)]
    return f"no {' and no '.join(tools)}: install a JDK (Debian: openjdk-17-jdk-headless)" if tools else None


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Tomcat:
    """A running Tomcat with so many threads for requests."""

    def __init__(self, folder, threads):
        self.base, self.port, self.threads = os.path.join(folder, "tomcat"), free_port(), threads
        self.waiting, self.payment = [], None

    def __enter__(self):
        shutil.copytree(FIXTURE, self.base)
        for name in ("logs", "temp", "work"):
            os.mkdir(os.path.join(self.base, name))
        options = ["-Xmx256m", "-XX:+StartAttachListener", f"-Dport={self.port}", f"-Dthreads={self.threads}", f"-Dcatalina.home={HOME}", f"-Dcatalina.base={self.base}",
                   f"-Djava.io.tmpdir={self.base}/temp", *[f"--add-opens={name}=ALL-UNNAMED" for name in OPENED]]
        path = f"{HOME}/bin/bootstrap.jar:{HOME}/bin/tomcat-juli.jar"
        with open(os.path.join(self.base, "log"), "w") as log:
            self.process = subprocess.Popen(["java", *options, "-cp", path, "org.apache.catalina.startup.Bootstrap", "start"], cwd=self.base, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        end = time.monotonic() + 120
        while time.monotonic() < end and self.process.poll() is None:
            with contextlib.suppress(OSError, http.client.HTTPException):
                if self.order() == 200:
                    return self
            time.sleep(0.5)
        self.__exit__()
        with open(os.path.join(self.base, "log")) as log:
            raise SystemExit(f"Tomcat did not start: {log.read()[-2000:]}")

    def order(self, query=""):
        """One request, and its answer's code."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with contextlib.closing(connection):
            connection.request("GET", f"/order.jsp{query}")
            return connection.getresponse().status

    def get_stuck(self, behind):
        """One request keeps the lock; so many others wait for it."""
        self.payment = socket.create_server(("127.0.0.1", 0))
        port = self.payment.getsockname()[1]
        for query in [f"?payment={port}"] + [""] * behind:
            connection = socket.create_connection(("127.0.0.1", self.port))
            connection.sendall(f"GET /order.jsp{query} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
            self.waiting.append(connection)
            if query:
                self.waiting.append(self.payment.accept()[0])
        time.sleep(1)

    def go_on(self):
        """The payment service hangs up, and everybody is answered."""
        for connection in [*self.waiting, self.payment]:
            connection.close()
        self.waiting, self.payment = [], None
        time.sleep(1)

    def work(self, requests):
        """So many requests, five at a time."""
        def some():
            for _ in range(requests // 5):
                self.order()
        workers = [threading.Thread(target=some) for _ in range(5)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

    def live_threads(self):
        return len(os.listdir(f"/proc/{self.process.pid}/task"))

    def stood_still(self):
        """Milliseconds in safepoints so far: `sun.rt.safepointTime` of its hsperfdata."""
        counters = hsperf(self.process.pid)
        return 1000 * counters["sun.rt.safepointTime"] / counters["sun.os.hrt.frequency"]

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


def hsperf(pid):
    """The numbers among the counters that a HotSpot virtual machine keeps in a file."""
    user = os.environ.get("USER") or "root"
    folders = [f"/tmp/hsperfdata_{user}", *[os.path.join("/tmp", name) for name in os.listdir("/tmp") if name.startswith("hsperfdata_")]]
    path = [path for path in (os.path.join(folder, str(pid)) for folder in folders) if os.path.exists(path)][0]
    with open(path, "rb") as file:
        data = file.read()
    at, entries = struct.unpack_from("<ii", data, 24)
    numbers = {}
    for _ in range(entries):
        length, name_at, items = struct.unpack_from("<iii", data, at)
        kind, value_at = data[at + 12:at + 13], struct.unpack_from("<i", data, at + 16)[0]
        name = data[at + name_at:data.index(b"\0", at + name_at)].decode()
        if kind == b"J" and items == 0:
            numbers[name] = struct.unpack_from("<q", data, at + value_at)[0]
        at += length
    return numbers
