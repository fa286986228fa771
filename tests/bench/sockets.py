"""Figure of a host with many connections: CPU per tick with 10,000 TCP sockets."""

import contextlib
import resource
import socket

from harness import Machine, Recorder, ask, note, row, scratch
from population import Population
from quiet import window


@contextlib.contextmanager
def connections(number):
    """Both ends of so many TCP connections on loopback, half as many as sockets, and their listener."""
    usual, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with contextlib.ExitStack() as ends:
        ends.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (usual, most))
        listener = ends.enter_context(socket.create_server(("127.0.0.1", 0), backlog=1024))
        for _ in range(number // 2):
            ends.enter_context(socket.create_connection(listener.getsockname()))
            ends.enter_context(listener.accept()[0])
        yield


def one_cost(arguments, number):
    """CPU per tick with so many sockets, how often they were listed, what was left out."""
    # The recorder is started first: the limit on open files that it begins with is the usual one.
    with scratch(arguments) as folder, Recorder(arguments.binary, folder, "--interval", "1s") as recorder:
        with connections(number):
            cost, ticks = window(recorder, arguments.seconds)
            recorder.stop()
        info = ask(arguments.binary, "info", "--json", recorder.capture)
    listed = next(source["detail"] for source in info["sources"] if source["name"] == "sock_diag")
    note(f"{number} sockets: {cost:.2f} ms CPU per tick over {ticks} ticks, shed {info['shed']}; {listed}")
    return cost, info["shed"], listed


def sockets(arguments):
    """CPU per tick with many TCP sockets, beside what it is with none of them."""
    machine = Machine()
    with Population(arguments.population):
        without, *_ = one_cost(arguments, 0)
        cost, shed, listed = one_cost(arguments, arguments.number)
    value = f"{cost:.1f} ms with {arguments.number}, {without:.1f} without; {listed}; shed {shed or 'nothing'}"
    return row("CPU per tick, many sockets", value, "<= 30 ms, nothing shed", cost <= 30 and not shed, machine)
