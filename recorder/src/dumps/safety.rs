//! Whether a process may be sent SIGQUIT, which makes a HotSpot virtual machine listen, and ends
//! or litters whatever else gets it.
//!
//! Everything must speak for it. It is asked at most once in a life (`signalled.rs`), and never
//! when it listens already, for then no signal is needed.

use super::life::Life;
use super::nature::HotSpot;
use std::time::Duration;

/// What is known of the process that would be signalled.
#[derive(Debug, Clone, Copy)]
pub(super) struct Evidence<'a> {
    pub(super) life: &'a Life,
    pub(super) hotspot: &'a HotSpot,
    pub(super) is_frozen: bool,
    /// One of its threads is called as the one that waits for signals is; of a process whose
    /// threads could not be read, absent.
    pub(super) has_dispatcher: Option<bool>,
    pub(super) least_age: Duration,
    /// The configuration allows it.
    pub(super) is_allowed: bool,
}

/// Before that a virtual machine need not give its threads names; 8u252 does.
const NAMES_THREADS_FROM: u32 = 9;

impl Evidence<'_> {
    /// Why not, if so.
    pub(super) fn refusal(&self) -> Option<String> {
        let hint = "; started with -XX:+StartAttachListener it would need no signal";
        let no = |why: &str| Some(format!("not signalled: {why}{hint}"));
        let life = self.life;
        if !self.is_allowed {
            return no("the configuration says sigquit = \"never\"");
        }
        if let Some(why) = why_not_now(life, self.is_frozen) {
            return Some(format!("not signalled: {why}"));
        }
        if let Some(why) = &self.hotspot.never_signal {
            return Some(format!("not signalled: {why}"));
        }
        if life.age < self.least_age {
            let (age, least) = (life.age.as_secs_f64(), self.least_age.as_secs_f64());
            return no(&format!(
                "it is {age:.1} s old, and while it starts SIGQUIT ends it: not before {least} s"
            ));
        }
        let names_threads = |feature| feature >= NAMES_THREADS_FROM;
        if self.has_dispatcher == Some(false) && self.hotspot.feature.is_none_or(names_threads) {
            return no(
                "it has no thread \"Signal Dispatcher\", so the signal would go to something else",
            );
        }
        None
    }
}

/// What may change at any moment, and is looked at again just before.
pub(super) fn why_not_now(life: &Life, is_frozen: bool) -> Option<String> {
    match life.state {
        b'T' | b't' => {
            return Some("it is stopped, and would print a dump into its log later".to_owned());
        }
        b'Z' | b'X' | b'x' => return Some("it has ended".to_owned()),
        _ => {}
    }
    if is_frozen {
        return Some(
            "its cgroup is frozen, and it would print a dump into its log later".to_owned(),
        );
    }
    if !life.catches_quit {
        return Some(
            "it does not catch SIGQUIT (SigCgt in its status), as with -Xrs: it would end it"
                .to_owned(),
        );
    }
    life.ignores_quit.then(|| "it ignores SIGQUIT".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use afterimage_format::process::{Pid, ProcessKey};
    use afterimage_format::units::Ticks;

    fn life() -> Life {
        Life {
            key: ProcessKey {
                pid: Pid(7),
                started: Ticks(1),
            },
            comm: b"java".to_vec(),
            state: b'S',
            age: Duration::from_secs(61),
            uid: 1,
            gid: 1,
            nspid: 7,
            catches_quit: true,
            ignores_quit: false,
            is_kernel_thread: false,
        }
    }

    /// What is said when this alone is different.
    fn with(change: impl FnOnce(&mut Life, &mut HotSpot, &mut Evidence<'_>)) -> Option<String> {
        let (own, machine) = (life(), HotSpot::default());
        let (mut life, mut hotspot) = (
            own.clone(),
            HotSpot {
                feature: Some(17),
                ..machine.clone()
            },
        );
        let mut evidence = Evidence {
            life: &own,
            hotspot: &machine,
            is_frozen: false,
            has_dispatcher: Some(true),
            least_age: Duration::from_mins(1),
            is_allowed: true,
        };
        change(&mut life, &mut hotspot, &mut evidence);
        let evidence = Evidence {
            life: &life,
            hotspot: &hotspot,
            ..evidence
        };
        evidence.refusal()
    }

    #[test]
    fn everything_must_speak_for_it() {
        assert_eq!(with(|_, _, _| {}), None);
        let says = |said: Option<String>, word: &str| {
            let said = said.unwrap_or_default();
            assert!(said.contains(word), "{word}: {said:?}");
        };
        says(with(|life, _, _| life.catches_quit = false), "SigCgt");
        says(with(|life, _, _| life.ignores_quit = true), "ignores");
        says(with(|life, _, _| life.age = Duration::from_secs(59)), "old");
        for state in [b'T', b't'] {
            says(with(|life, _, _| life.state = state), "stopped");
        }
        says(with(|life, _, _| life.state = b'Z'), "ended");
        says(with(|_, _, evidence| evidence.is_frozen = true), "frozen");
        says(with(|_, _, evidence| evidence.is_allowed = false), "never");
        says(
            with(|_, _, evidence| evidence.has_dispatcher = Some(false)),
            "Dispatcher",
        );
        let why = "it was started with -XX:+DisableAttachMechanism";
        says(
            with(|_, hotspot, _| hotspot.never_signal = Some(why.to_owned())),
            why,
        );
    }

    #[test]
    fn an_old_virtual_machine_need_not_give_its_threads_names() {
        let old = |life: &mut Life, hotspot: &mut HotSpot, evidence: &mut Evidence<'_>| {
            life.state = b'R';
            hotspot.feature = Some(8);
            evidence.has_dispatcher = Some(false);
        };
        assert_eq!(with(old), None);
        assert_eq!(with(|_, _, evidence| evidence.has_dispatcher = None), None);
    }
}
