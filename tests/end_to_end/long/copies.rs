//! A plain copy that takes long, of a capture that is being recorded.

use crate::support::command::{assert_sound, info};
use crate::support::host::folder;
use crate::support::recorder::Recorder;
use std::fs;
use std::io::Read as _;
use std::thread;
use std::time::Duration;

/// A copy over a slow line: a piece of the file each second, while ticks are written.
#[test]
#[ignore = "long: ./check --long"]
fn a_slow_plain_copy_is_whole() {
    let (folder, to) = (folder(), folder());
    let file = folder.path().join("host.afterimage");
    let mut recorder = Recorder::start(&file, &["-i", "50ms"]);
    recorder.wait_for_tick(70);
    for round in 0..5 {
        let mut from = fs::File::open(&file).unwrap();
        let length = from.metadata().unwrap().len();
        let mut bytes = Vec::new();
        for _ in 0..15 {
            (&mut from)
                .take(length.div_ceil(15))
                .read_to_end(&mut bytes)
                .unwrap();
            thread::sleep(Duration::from_secs(1));
        }
        drop(from);
        let copied = to.path().join(format!("{round}.afterimage"));
        fs::write(&copied, bytes).unwrap();
        assert_sound(&copied);
        assert!(info(&copied)["behind_seconds"].as_u64().is_some());
        recorder.wait_for_more(300);
    }
    recorder.stop();
}
