"""Sockets in trouble, in a network namespace of their own, beside a recorder and beside ss.

In: the recorder's command line. A server on port 8001 never closes 400 connections whose clients
have; a client closes 5,000 connections to port 8002 one after the other (its side closes first);
nobody accepts on port 8003, whose backlog is 5. Out: `ss -tanpH` and `ss -s` as they were when all
that stood still, and this process's pid, as JSON. The recorder ends when its input does.
"""
import json
import os
import resource
import socket
import subprocess
import sys
import time

LEAKED, BURNT = 400, 5000

_, most = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 4096), most))


def listener(port, backlog):
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(("127.0.0.1", port))
    server.listen(backlog)
    return server


def connected(server):
    client = socket.create_connection(server.getsockname())
    return client, server.accept()[0]


leaking, burning, deaf = listener(8001, 512), listener(8002, 512), listener(8003, 5)
recorder = subprocess.Popen(sys.argv[1:], stdout=sys.stderr)
time.sleep(0.5)
leaked = []
for _ in range(LEAKED):
    client, end = connected(leaking)
    client.close()
    leaked.append(end)
for _ in range(BURNT):
    client, end = connected(burning)
    client.close()
    end.close()
waiting = []
for _ in range(8):
    client = socket.socket()
    client.setblocking(False)
    client.connect_ex(("127.0.0.1", 8003))
    waiting.append(client)
time.sleep(1)
said = {name: subprocess.run(["ss", *args], stdout=subprocess.PIPE, check=True, text=True).stdout
        for name, args in {"all": ["-tanpH"], "summary": ["-s"]}.items()}
time.sleep(1)
recorder.terminate()
said["code"] = recorder.wait()
said["pid"] = os.getpid()
print(json.dumps(said))
