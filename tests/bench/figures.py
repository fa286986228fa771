#!/usr/bin/env python3
"""The figures that afterimage promises, each measured by one subcommand. See README.md.

In: an `afterimage` binary. Out: a table row for each figure: what was measured, what it must
be, whether it is, and what else the machine did; details go to standard error. Exit code 1 if
something was not as it must be.
"""

import argparse
import os
import shutil
import signal

import disk
import dumps
import load
import quiet
import reading
import sockets
import viewing
from harness import isolate


def parser():
    root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
    built = os.path.join(root, "target", "release", "afterimage")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--binary", default=built, help="the recorder [target/release/afterimage]")
    common.add_argument("--population", type=int, metavar="N", default=500, help="processes, beside a dozen that are always there [500]")
    common.add_argument("--folder", help="where captures are written [the temporary folder]")
    common.add_argument("--keep", action="store_true", help="leave the captures there")
    whole = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    figures = whole.add_subparsers(required=True, metavar="FIGURE")

    def figure(run, *options):
        one = figures.add_parser(run.__name__, help=run.__doc__.split("\n")[0], parents=[common])
        one.set_defaults(run=run)
        for name, default, words in options:
            one.add_argument(name, default=default, type=type(default) if default is not None else None, help=f"{words} [{default}]")

    seconds = ("--seconds", 60, "length of a run")
    figure(quiet.cost, ("--runs", 5, "how many runs"), seconds)
    figure(quiet.growth, ("--from-minute", 10, "where counting begins"), ("--to-minute", 20, "where it ends"))
    figure(quiet.fixed)
    figure(quiet.memory, seconds, ("--many", 10000, "the larger population"))
    figure(quiet.cadence, ("--seconds", 600, "length of the run"))
    figure(disk.written, seconds)
    figure(load.saturated, ("--runs", 3, "how many runs"), seconds, ("--wakes", 15, "how often the starving task is woken"))
    figure(sockets.sockets, seconds, ("--number", 10000, "how many TCP sockets"))
    figure(load.storm, ("--seconds", 300, "length of the storm"), ("--forks", 1000, "forks a second"), ("--lines", 10000, "kernel-log lines a second"), ("--max-size", "64MiB", "size limit of the capture"))
    figure(reading.seek, ("--file", None, "a capture to look into; without it a fresh one is made"), ("--times", 30, "how many moments"), seconds)
    figure(reading.copies, ("--times", 10, "how many copies"), ("--seconds", 60, "how long one copy takes"), ("--mib", 220, "size of the capture"), ("--interval", "1s", "time between ticks"))
    figure(dumps.dumps, ("--times", 12, "dumps of each kind"), ("--day", 160, "dumps that a day is extrapolated from"), ("--cargo", "yes", "`no`: without what is measured by `cargo bench`"))
    figure(viewing.week, ("--file", None, "a week that was kept (--keep); without it one is made"), ("--seconds", 600, "length of the recording it is made of"), ("--days", 7, "how long the week is"), ("--interval", "1s", "time between ticks, whole seconds"))
    figure(viewing.idle, ("--seconds", 20, "how long it is looked at"), ("--settle", 15, "how long it may take to come to rest"))
    return whole


def main():
    arguments = parser().parse_args()
    if not shutil.which(arguments.binary):
        raise SystemExit(f"no {arguments.binary}: build it, or name one with --binary")
    isolate()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    raise SystemExit(0 if arguments.run(arguments) else 1)


if __name__ == "__main__":
    main()
