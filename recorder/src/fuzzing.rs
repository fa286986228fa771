//! What the fuzzer calls of the parsers that read what the kernel and people wrote.
//!
//! In: bytes that mean nothing. Out: nothing; what must never happen is a panic. `fuzz/README.md`
//! says how to run it; a plain test goes over the inputs that are kept.

use crate::config::Config;
use crate::rows::Cells;
use crate::source::kernel_log;
use crate::source::process::stat;
use afterimage_format::group::Group;
use afterimage_format::process::{Pid, ProcessKey};
use afterimage_format::tick::Key;
use std::time::Duration;

/// A record of `/dev/kmsg`.
///
/// # Panics
/// When undoing escapes made it longer.
pub fn kernel_log_record(data: &[u8]) {
    let Ok(record) = kernel_log::parse(data) else {
        return;
    };
    // Undoing escapes only makes it shorter.
    let properties = record.properties.iter();
    let length = properties.map(|(name, value)| name.len() + value.len());
    assert!(record.text.len() + length.sum::<usize>() < data.len());
}

/// `/proc/PID/stat`.
///
/// # Panics
/// When a line that was taken for one cannot be stored, or is not the same the second time.
pub fn process_stat(data: &[u8]) {
    let Ok(stat) = stat::parse(data) else {
        return;
    };
    let started = stat.started().expect("without it the line is malformed");
    let key = Key::Process(ProcessKey {
        pid: Pid(1),
        started,
    });
    let mut tick = crate::test_tick();
    let mut cells = Cells::begin(&mut tick, Group::Process, 0, key);
    assert!(stat.store(&mut cells, &mut tick), "a first name is news");
    assert!(!stat.store(&mut cells, &mut tick), "the same is none");
}

/// The configuration file.
///
/// # Panics
/// When a limit that the configuration has to keep was not kept.
pub fn config(data: &[u8]) {
    let Some(config) = str::from_utf8(data)
        .ok()
        .and_then(|text| toml::from_str::<Config>(text).ok())
    else {
        return;
    };
    let config = config.or(Config::default());
    if let Ok(interval) = config.interval() {
        assert!(interval >= Duration::from_millis(10));
    }
    if let Ok(tunable) = config.tunable() {
        assert!(tunable.options.max_bytes >= 1 << 20 && tunable.budget_percent > 0.0);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    /// Every kept input of a target, through its function.
    fn replay(target: &str, run: fn(&[u8])) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../fuzz/corpus")
            .join(target);
        let inputs = fs::read_dir(folder)
            .unwrap()
            .map(|input| input.unwrap().path());
        let run_all = inputs.map(|input| run(&fs::read(input).unwrap()));
        assert!(run_all.count() >= 3, "{target} has too few inputs");
    }

    #[test]
    fn nothing_that_was_ever_found_is_found_again() {
        replay("kernel_log_record", super::kernel_log_record);
        replay("process_stat", super::process_stat);
        replay("config", super::config);
    }
}
