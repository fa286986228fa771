//! A reader that gets stuck, and what becomes of those that it does not come to.

use super::*;
use afterimage_format::units::Ticks;

const SECOND: Duration = Duration::from_secs(1);

type Said = (i32, [Reading<Vec<u8>>; 2]);

fn wanted(pid: i32) -> Wanted {
    let key = ProcessKey {
        pid: Pid(pid),
        started: Ticks(5),
    };
    Wanted {
        key,
        process: Pid(pid),
    }
}

fn absent(pid: i32, missing: Missing) -> Said {
    (pid, [Err(missing), Err(missing)])
}

/// Process 13 never answers.
fn stuck_at_13(_: &ProcRoot, wanted: Wanted, name: &str, buffer: &mut Vec<u8>) -> Reading<()> {
    while wanted.process == Pid(13) {
        std::thread::park();
    }
    buffer.clear();
    if name == "stack" {
        return Err(Missing::PermissionDenied);
    }
    buffer.extend_from_slice(format!("{} running", wanted.process.0).as_bytes());
    Ok(())
}

fn side() -> KernelSide {
    let mut side = KernelSide::new(PathBuf::from("/proc"));
    side.read = stuck_at_13;
    side
}

fn peek(side: &mut KernelSide, pids: &[i32]) -> Vec<Said> {
    let mut wanted: Vec<Wanted> = pids.iter().map(|pid| wanted(*pid)).collect();
    let mut said = Vec::new();
    side.peek(&mut wanted, SECOND, |key, peeked| {
        said.push((key.pid.0, peeked.map(|text| text.map(<[u8]>::to_vec))));
    });
    assert!(wanted.is_empty());
    said
}

#[test]
fn each_thread_gets_its_own_answer_again_and_again() {
    let mut side = side();
    let answer = |pid: i32| {
        let text = format!("{pid} running").into_bytes();
        (pid, [Ok(text), Err(Missing::PermissionDenied)])
    };
    // A machine that is busy may leave a reader late, but not for ever.
    for pids in [[7, 8], [9, 7]] {
        let answered = || peek(&mut side, &pids) == pids.map(answer);
        assert!(std::iter::repeat_with(answered).take(1000).any(|came| came));
    }
}

#[test]
fn a_process_that_never_answers_is_asked_once_and_does_not_keep_the_others_from_answering() {
    let mut side = side();
    for _ in 0..2 * MOST_STUCK {
        let said = peek(&mut side, &[13]);
        // On a machine so busy that the reader was not yet at it, it is late.
        if said == [absent(13, Missing::NotRead)] {
            continue;
        }
        assert_eq!(said, [absent(13, Missing::Blocked)]);
    }
    assert!(!side.left_behind.is_empty());
    let answers = || peek(&mut side, &[7])[0].1[0].is_ok();
    assert!(std::iter::repeat_with(answers).take(1000).any(|came| came));
}

#[test]
fn what_comes_behind_a_process_that_never_answers_is_not_blocked_but_late() {
    let said = peek(&mut side(), &[13, 8, 9]);
    assert_eq!(said.len(), 3);
    assert_eq!(said[1..], [8, 9].map(|pid| absent(pid, Missing::NotRead)));
}

#[test]
fn a_file_that_the_kernel_lacks_is_not_the_file_of_a_thread_that_ended() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("7/task/7")).unwrap();
    std::fs::write(folder.path().join("7/task/7/stack"), "[<0>] f+0x1\n").unwrap();
    let root = ProcRoot::open(folder.path()).unwrap();
    let mut text = Vec::new();
    let mut read = |pid, name| read(&root, wanted(pid), name, &mut text);
    assert_eq!(read(7, "syscall"), Err(Missing::NotSupported));
    assert_eq!(read(8, "syscall"), Err(Missing::Gone));
    assert_eq!(read(7, "stack"), Ok(()));
    assert_eq!(text, b"[<0>] f+0x1\n");
}
