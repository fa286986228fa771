//! What the fuzzer calls.
//!
//! `payload`: frames and what is in them. `file`: whole captures. What must never happen is a
//! panic, there or in what they call. `fuzz/README.md` says how to run it; the test here goes over
//! the inputs that are kept.

mod file;
mod payload;

pub use file::capture;
pub use payload::frame;

#[cfg(test)]
mod tests {
    use super::file::{CLEAN, Folder, KILLED, KILLED_LOG, MOST, walk};
    use super::{capture, frame};
    use crate::capture::Capture;
    use std::fs;
    use std::path::Path;

    /// Every kept input of a target, through its function.
    fn replay(target: &str, run: fn(&[u8])) {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus");
        let inputs = fs::read_dir(corpus.join(target)).unwrap();
        let ran = inputs.map(|input| run(&fs::read(input.unwrap().path()).unwrap()));
        assert!(ran.count() >= 10, "{target} has too few inputs");
    }

    #[test]
    fn nothing_that_was_ever_found_is_found_again() {
        replay("frame", frame);
        replay("capture", capture);
    }

    #[test]
    fn the_captures_that_are_changed_are_sound() {
        let folder = Folder::make();
        for (name, packed) in [
            ("clean", CLEAN),
            ("killed", KILLED),
            ("killed-wal", KILLED_LOG),
        ] {
            let bytes = zstd::bulk::decompress(packed, MOST).unwrap();
            fs::write(folder.0.join(name), bytes).unwrap();
        }
        for name in ["clean", "killed"] {
            // Of another version of the format: `fuzz/base/make` makes new ones.
            let mut capture = Capture::open(&folder.0.join(name)).unwrap();
            walk(&mut capture).unwrap();
            assert_eq!(capture.damage(), [], "{name}");
            assert!(capture.chunks().unwrap() >= 1, "{name}");
        }
    }
}
