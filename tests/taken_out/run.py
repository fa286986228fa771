#!/usr/bin/env python3
"""Takes out each protection of docs/faults.md in turn, and sees that its tests fail.

`protections.toml` lists them: an edit of the code, and the tests that have to notice it. The work
is done on a copy of the tree below `target/taken_out`, with a target directory of its own.

    run.py              all of them (hours; the tests of file systems need root)
    run.py --look       only sees that each edit fits the code as it is
    run.py NAME ...     those whose names contain one of these words
"""

import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
WORK = ROOT / "target" / "taken_out"
TREE = WORK / "tree"
# A test that hangs without its protection has noticed it too.
LONGEST_SECONDS = 300
LONGEST_BUILD_SECONDS = 1800
# One that takes all there is ends as well.
MOST_MEMORY = 8 << 30
SAID = re.compile(r"^test (\S+)(?: - should panic)? \.\.\. ", re.MULTILINE)
FAILED = re.compile(r"^    (\S+)$", re.MULTILINE)


def main(words):
    protections = tomllib.loads((HERE / "protections.toml").read_text())["protection"]
    wrong = [fault for one in protections for fault in faults_of(one)]
    if wrong:
        sys.exit("\n".join(wrong))
    if words == ["--look"]:
        print(f"{len(protections)} protections, each where the list says")
        return
    wanted = [one for one in protections if not words or any(word in one["name"] for word in words)]
    copy_tree()
    results = [(one["name"], without(one)) for one in wanted]
    unnoticed = [name for name, noticed in results if not noticed]
    print(f"{len(results)} taken out, {len(results) - len(unnoticed)} noticed by every test of theirs")
    if unnoticed:
        sys.exit("not noticed: " + "; ".join(unnoticed))


def faults_of(one):
    """What of an entry does not fit the code: each edit has one place."""
    for edit in one["edits"]:
        text = (ROOT / edit["file"]).read_text()
        count = text.count(edit["is"])
        if count != 1:
            yield f"{one['name']}: {edit['file']} has this {count} times: {edit['is']!r}"


def copy_tree():
    if TREE.exists():
        shutil.rmtree(TREE)
    listed = subprocess.run(
        ["git", "-C", ROOT, "ls-files", "-z"], check=True, capture_output=True, text=True
    )
    for name in listed.stdout.split("\0"):
        if name and (ROOT / name).exists():
            to = TREE / name
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, to)


def without(one):
    """Whether every test of a protection fails without it."""
    print(f"\n== {one['name']}", flush=True)
    before = {edit["file"]: (TREE / edit["file"]).read_text() for edit in one["edits"]}
    try:
        for edit in one["edits"]:
            path = TREE / edit["file"]
            path.write_text(path.read_text().replace(edit["is"], edit["without"]))
        return all([fail(package, names) for package, names in one["tests"].items()])
    finally:
        for name, text in before.items():
            (TREE / name).write_text(text)


def fail(package, names):
    """Whether each of these tests fails."""
    code, said = cargo(package, ["--no-run"], LONGEST_BUILD_SECONDS)
    if code != 0:
        print(said)
        print("does not build")
        return False
    arguments = ["--", "--include-ignored", "--test-threads", "1", "--exact", *names]
    code, said = cargo(package, arguments, LONGEST_SECONDS)
    run = set(SAID.findall(said))
    failed = set(FAILED.findall(said))
    if code is None:
        print(f"   did not end within {LONGEST_SECONDS} s")
        failed.add(SAID.findall(said)[-1])
    # A test whose process died took the others with it.
    died = code != 0 and not failed
    for name in names:
        skipped = f"{name} ... skipped" in said
        outcome = "skipped" if skipped else "failed" if name in failed or died else "NOT NOTICED"
        print(f"   {package} {name}: {outcome if name in run else 'no such test'}", flush=True)
    return all(name in run and (name in failed or died) for name in names)


def cargo(package, arguments, seconds):
    """The exit code, `None` if it did not end in time, and what was said."""
    target = ["--lib"] if package == "format" else ["--test", "end_to_end"] if package == "tests" else []
    command = ["cargo", "test", "--locked", "-p", f"afterimage-{package}", *target, *arguments]
    environment = dict(os.environ, CARGO_TARGET_DIR=str(WORK / "target"), AFTERIMAGE_STEADY_TICKS="1500")
    ran = subprocess.Popen(
        command,
        cwd=TREE,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY)),
    )
    try:
        said, _ = ran.communicate(timeout=seconds)
        return ran.returncode, said
    except subprocess.TimeoutExpired:
        os.killpg(ran.pid, signal.SIGKILL)
        said, _ = ran.communicate()
        return None, said


if __name__ == "__main__":
    main(sys.argv[1:])
