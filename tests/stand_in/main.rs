//! A process for the recorder to look at: whatever name and arguments it is started with, it
//! ignores them and waits.
//!
//! In: the variable `STAND_IN`, words of the form `threads=3 rss=BYTES spin burn=MS
//! report=PATH exit=CODE zombie exec=PROGRAM then-rss=BYTES`, of which `burn` with `report` and
//! `exit`, `exec` and `then-rss` come true at the end of its standard input (the environment is never recorded, so the command line stays the test's own). Out: the line
//! `ready` on standard output once it is as it was asked to be. It ends with its standard input,
//! so it never outlives the test, or, spinning, after two minutes.

use std::io::{self, Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitCode};
use std::thread;
use std::time::Duration;

/// Turns of the spinning loop between two looks at the process's own CPU time.
const TURNS: u64 = 1_000_000;
/// A spinner that was forgotten ends after this much CPU time.
const MOST_SPINNING: Duration = Duration::from_mins(2);
const PAGE: usize = 4096;

fn main() -> io::Result<ExitCode> {
    let wanted = std::env::var("STAND_IN").unwrap_or_default();
    let word = |name: &str| wanted.split(' ').find_map(|word| word.strip_prefix(name));
    let number = |name: &str| word(name).and_then(|text| text.parse::<usize>().ok());
    if let Some(program) = word("exec=") {
        say_ready()?;
        wait_for_end_of_input()?;
        return Err(Command::new(program)
            .args(std::env::args_os().skip(1))
            .env_remove("STAND_IN")
            .exec());
    }
    let resident = resident(number("rss=").unwrap_or(0));
    if number("burn=").is_none() {
        start_threads(number("threads=").unwrap_or(1))?;
    }
    let zombie = word("zombie").map(|_| zombie()).transpose()?;
    say_ready()?;
    if word("spin").is_some() {
        spin();
    } else if let Some(millis) = number("burn=") {
        wait_for_end_of_input()?;
        burn(number("threads=").unwrap_or(1), millis)?;
        report(word("report=").unwrap_or("/dev/null"))?;
        let code = number("exit=").and_then(|code| u8::try_from(code).ok());
        return Ok(ExitCode::from(code.unwrap_or(0)));
    } else {
        wait_for_end_of_input()?;
        drop(self::resident(number("then-rss=").unwrap_or(0)));
    }
    drop((resident, zombie));
    Ok(ExitCode::SUCCESS)
}

fn say_ready() -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(b"ready\n")?;
    out.flush()
}

/// So many threads use so much CPU time each, and end one after the other.
fn burn(threads: usize, millis: usize) -> io::Result<()> {
    let most = Duration::from_millis(millis as u64);
    let burning = (0..threads).map(|_| {
        thread::Builder::new().spawn(move || {
            while cpu(rustix::time::ClockId::ThreadCPUTime) < most {
                std::hint::black_box((0..TURNS / 100).sum::<u64>());
            }
        })
    });
    for thread in burning.collect::<Result<Vec<_>, _>>()? {
        thread.join().map_err(|_panic| io::ErrorKind::Other)?;
    }
    Ok(())
}

fn cpu(clock: rustix::time::ClockId) -> Duration {
    let time = rustix::time::clock_gettime(clock);
    Duration::new(
        time.tv_sec.cast_unsigned(),
        u32::try_from(time.tv_nsec).unwrap_or(0),
    )
}

/// What the kernel says of this process, the last thing before it ends: CPU time in
/// microseconds, and the largest resident set in KiB.
fn report(path: &str) -> io::Result<()> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak.unwrap_or_default().trim().trim_end_matches(" kB");
    let used = cpu(rustix::time::ClockId::ProcessCPUTime).as_micros();
    std::fs::write(path, format!("{used} {peak}\n"))
}

/// Memory of which every page was written to, so that it is resident.
fn resident(bytes: usize) -> Vec<u8> {
    let mut memory = vec![0; bytes];
    for place in (0..bytes).step_by(PAGE) {
        memory[place] = 1;
    }
    std::hint::black_box(memory)
}

/// So many threads in all, this one included.
fn start_threads(threads: usize) -> io::Result<()> {
    for _ in 1..threads {
        thread::Builder::new()
            .name("idle".to_owned())
            .spawn(thread::park)?;
    }
    Ok(())
}

/// A child that has ended and is not waited for.
fn zombie() -> io::Result<Child> {
    let mut child = Command::new("true").spawn()?;
    let stat = format!("/proc/{}/stat", child.id());
    let is_zombie = |text: String| {
        text.rsplit(')')
            .next()
            .is_some_and(|rest| rest.starts_with(" Z"))
    };
    while !std::fs::read_to_string(&stat).is_ok_and(is_zombie) {
        thread::sleep(Duration::from_millis(1));
    }
    drop(child.stdin.take());
    Ok(child)
}

fn spin() {
    while own_cpu() < MOST_SPINNING {
        for turn in 0..TURNS {
            std::hint::black_box(turn);
        }
    }
}

/// CPU time of this process so far.
fn own_cpu() -> Duration {
    let cpu = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::try_from(cpu).unwrap_or(Duration::MAX)
}

fn wait_for_end_of_input() -> io::Result<()> {
    io::stdin().lock().read_to_end(&mut Vec::new()).map(drop)
}
