//! The sentence about one thread: what it waits for, and what it had asked the kernel for.

use super::dictionary::{self, Wait};
use super::{Kind, wait_percent};
use crate::escape::Escaped;
use afterimage_format::reading::Missing;
use afterimage_format::sample::Task;

/// What a thread waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// A sentence or two, safe to show.
    pub sentence: String,
    /// What kind of thing it is: one of [`dictionary::KINDS`]; nothing where the dictionary has none.
    pub on: Option<&'static str>,
}

/// What a thread waits for that waits like this, on a host of this architecture.
pub fn words(task: &Task, kind: Kind, before: Option<(&Task, f64)>, architecture: &str) -> Words {
    if kind == Kind::Starved {
        return Words {
            sentence: starved(task, before),
            on: Some("cpu"),
        };
    }
    let number = task.syscall.ok();
    let call = number.and_then(|number| dictionary::call(architecture, number));
    let asked = match (call, number) {
        (Some(call), _) => {
            let what = call.what.map(|what| format!(", which {what}"));
            Some(format!(
                "It called {}{}.",
                call.name,
                what.unwrap_or_default()
            ))
        }
        (None, Some(number)) => Some(format!("It is in system call {number}.")),
        (None, None) => None,
    };
    let wait = known_wait(task);
    let what = match (wait, &task.wchan) {
        (Some(wait), _) => Some(wait.what.clone()),
        (None, Ok(name)) => Some(format!("Waits in {} of the kernel.", Escaped(name))),
        (None, Err(_)) => None,
    };
    let parts: Vec<String> = what.into_iter().chain(asked).collect();
    let sentence = if parts.is_empty() {
        unknown(task)
    } else {
        parts.join(" ")
    };
    Words {
        sentence,
        on: wait.map(|wait| wait.on.as_str()),
    }
}

/// The wait that its wait channel names, else the first on its stack. At the bottom of the stack of
/// a thread of the kernel stands what it does when it has nothing to do: that is none.
fn known_wait(task: &Task) -> Option<&'static Wait> {
    let channel = task
        .wchan
        .as_ref()
        .ok()
        .and_then(|name| dictionary::wait(name));
    let on_stack = || {
        let stack = task.stack.as_ref().ok()?;
        let functions = stack.split(|byte| *byte == b'\n');
        let mut waits = functions.filter_map(dictionary::wait);
        waits.find(|wait| wait.on != "idle")
    };
    channel.or_else(on_stack)
}

fn starved(task: &Task, before: Option<(&Task, f64)>) -> String {
    match wait_percent(task, before) {
        Some(percent) if percent > 0.0 => {
            format!("Waits for a CPU: {percent:.0} % of the time it could have run and did not.")
        }
        _ => "Waits for a CPU: it could run and did not get to.".to_owned(),
    }
}

fn unknown(task: &Task) -> String {
    let why = match (task.wchan.as_ref().err(), task.syscall.err()) {
        (Some(Missing::NotRead) | None, Some(why)) | (Some(&why), _) => why,
        (None, None) => Missing::NotRead,
    };
    format!("What it waits for is not known: {why}.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::waits::tests::task;
    use std::time::Duration;

    fn sentence(task: &Task) -> String {
        words(task, Kind::Uninterruptible, None, "x86_64").sentence
    }

    #[test]
    fn a_wait_is_told_with_what_was_asked_for() {
        let mut stuck = task(70, b'D');
        stuck.wchan = Ok(b"jbd2_log_wait_commit"[..].into());
        stuck.syscall = Ok(74);
        assert_eq!(
            sentence(&stuck),
            "Waits for the journal of an ext4 file system to reach the disk, as fsync does. \
             It called fsync, which makes sure that a file is on the disk."
        );
        assert_eq!(
            words(&stuck, Kind::Uninterruptible, None, "x86_64").on,
            Some("disk")
        );
    }

    #[test]
    fn what_the_dictionary_lacks_is_shown_as_it_is() {
        let mut stuck = task(70, b'D');
        stuck.wchan = Ok(b"some_driver\x1b[31m"[..].into());
        stuck.syscall = Ok(400);
        let raw = "Waits in some_driver\\x1b[31m of the kernel. It is in system call 400.";
        assert_eq!(sentence(&stuck), raw);
        assert_eq!(words(&stuck, Kind::Sleeping, None, "x86_64").on, None);
    }

    #[test]
    fn where_the_channel_says_nothing_the_stack_does_but_not_by_its_bottom() {
        let mut stuck = task(70, b'D');
        stuck.wchan = Ok(b"some_driver"[..].into());
        stuck.stack = Ok(b"some_driver\nworker_thread"[..].into());
        assert_eq!(sentence(&stuck), "Waits in some_driver of the kernel.");
        stuck.stack = Ok(b"some_driver\nblkdev_issue_flush\nworker_thread"[..].into());
        assert_eq!(
            sentence(&stuck),
            "Waits for a disk to empty its write cache."
        );
    }

    #[test]
    fn what_is_not_known_says_why() {
        let mut stuck = task(70, b'D');
        stuck.syscall = Err(Missing::Blocked);
        let blocked = "What it waits for is not known: reading it did not come back in time.";
        assert_eq!(sentence(&stuck), blocked);
        stuck.wchan = Err(Missing::PermissionDenied);
        let denied = "What it waits for is not known: the recorder was not allowed to read it.";
        assert_eq!(sentence(&stuck), denied);
    }

    #[test]
    fn who_starves_waits_for_a_cpu() {
        let (before, mut now) = (task(70, b'R'), task(70, b'R'));
        let starved = |now: &Task| words(now, Kind::Starved, Some((&before, 1.0)), "x86_64");
        let none = "Waits for a CPU: it could run and did not get to.";
        assert_eq!(starved(&now).sentence, none);
        now.wait = Ok(Duration::from_millis(2750));
        let some = "Waits for a CPU: 75 % of the time it could have run and did not.";
        assert_eq!(starved(&now).sentence, some);
        assert_eq!(starved(&now).on, Some("cpu"));
    }
}
