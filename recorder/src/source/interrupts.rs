//! `/proc/interrupts` and `/proc/softirqs`: how often each came, on all CPUs together.
//!
//! The files have a column for each CPU, and the first a line for each queue of each device: with
//! 256 CPUs it is over a megabyte. So a long one is read the more seldom, and what was not read
//! at a tick is absent there.

use super::numbers::{Words, count, lines};
use super::{KeptFile, ProcRoot, RowSource};
use crate::rows::NamedRows;
use afterimage_format::group::{Group, InterruptField};
use afterimage_format::reading::{Missing, Reading};
use afterimage_format::tick::Tick;

/// So much text is read a tick, on average: a fifth of a millisecond.
const BYTES_EACH_TICK: usize = 64 << 10;
/// The files, and what the names of their rows begin with.
const FILES: [(&str, &[u8]); 2] = [("interrupts", b"irq:"), ("softirqs", b"softirq:")];

/// One of the files, and when it is read next.
#[derive(Debug)]
struct Source {
    file: KeptFile,
    /// How many ticks to go without.
    wait: usize,
}

/// Both files.
#[derive(Debug)]
pub(crate) struct Interrupts {
    sources: [Source; FILES.len()],
    rows: NamedRows,
    /// Where a row's name is put together.
    name: Vec<u8>,
}

impl Interrupts {
    pub(crate) fn new() -> Self {
        Self {
            sources: FILES.map(|(name, _)| Source {
                file: KeptFile::new(name),
                wait: 0,
            }),
            rows: NamedRows::new(Group::Interrupt),
            name: Vec::new(),
        }
    }
}

impl RowSource for Interrupts {
    fn collect(
        &mut self,
        root: &ProcRoot,
        tick: &mut Tick,
        note: &mut dyn FnMut(&'static str, Reading<()>),
    ) {
        let (rows, whole) = (&mut self.rows, &mut self.name);
        for (source, (path, prefix)) in self.sources.iter_mut().zip(FILES) {
            if source.wait > 0 {
                source.wait -= 1;
                rows.keep(tick, prefix, Missing::NotRead);
                continue;
            }
            let text = source.file.read(root);
            note(path, text.map(drop));
            let text = match text {
                Ok(text) => text,
                Err(missing) => {
                    rows.keep(tick, prefix, missing);
                    continue;
                }
            };
            source.wait = text.len() / BYTES_EACH_TICK;
            each_line(text, &mut |name, total, description| {
                whole.clear();
                whole.extend_from_slice(prefix);
                whole.extend_from_slice(name);
                let row = rows.row(tick, whole);
                row.count(tick, InterruptField::Total.column(), total);
                row.text(tick, InterruptField::Description.column(), description);
            });
        }
        rows.end_unseen(tick);
    }

    fn forget(&mut self) {
        self.rows.forget();
        for source in &mut self.sources {
            source.wait = 0;
        }
    }
}

/// Takes a name, a sum and a description.
type Give<'a> = dyn FnMut(&[u8], Reading<u64>, Reading<&[u8]>) + 'a;

/// Gives each line's name, its sum over the CPUs, and what stands behind that.
fn each_line(text: &[u8], give: &mut Give<'_>) {
    let mut lines = lines(text);
    let Some(heading) = lines.next() else { return };
    let mut heading = Words(heading);
    let cpus = std::iter::from_fn(|| heading.word()).count();
    for line in lines {
        let mut words = Words(line);
        let name = words.word().and_then(|word| word.strip_suffix(b":"));
        let Some(name) = name.filter(|name| !name.is_empty()) else {
            continue;
        };
        let (mut total, mut rest) = (Err(Missing::Malformed), words);
        for _ in 0..cpus {
            // `ERR` and `MIS` are counted for all CPUs together.
            let Some(number) = words.word().and_then(|word| count(word).ok()) else {
                break;
            };
            // It is the kernel's own sum that wraps, not ours.
            total = Ok(total.unwrap_or(0_u64).wrapping_add(number));
            rest = words;
        }
        let description = rest.0.trim_ascii();
        let description = if description.is_empty() {
            Err(Missing::NotSupported)
        } else {
            Ok(description)
        };
        give(name, total, description);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_tick;
    use afterimage_format::tick::Key;
    use std::fs;

    fn given(text: &[u8]) -> Vec<(String, Reading<u64>, Reading<String>)> {
        let mut all = Vec::new();
        let string = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
        each_line(text, &mut |name, total, description| {
            all.push((string(name), total, description.map(string)));
        });
        all
    }

    #[test]
    fn a_line_is_the_sum_over_its_cpus_and_what_stands_behind_it() {
        let text = b"           CPU0       CPU1       \n 24:          1         20  IO-APIC   5-edge      ACPI:Ged\n\
            LOC:   10   5   Local timer interrupts\nERR:          3\nBAD:  x  1\n 11:  123  456  GICv2  30 Level     arch_timer\n";
        let words = |words: &str| Ok(words.to_owned());
        let expected = [
            ("24", Ok(21), words("IO-APIC   5-edge      ACPI:Ged")),
            ("LOC", Ok(15), words("Local timer interrupts")),
            ("ERR", Ok(3), Err(Missing::NotSupported)),
            ("BAD", Err(Missing::Malformed), words("x  1")),
            ("11", Ok(579), words("GICv2  30 Level     arch_timer")),
        ];
        let expected = expected.map(|(name, total, words)| (name.to_owned(), total, words));
        assert_eq!(given(text), expected);
        assert_eq!(given(b""), []);
    }

    #[test]
    fn a_long_file_is_read_seldom_and_absent_meanwhile() {
        let folder = tempfile::tempdir().unwrap();
        let root = ProcRoot::open(folder.path()).unwrap();
        let long = format!("CPU0\n 1: 7 {}\n", "x".repeat(2 * BYTES_EACH_TICK));
        fs::write(folder.path().join("interrupts"), long).unwrap();
        fs::write(folder.path().join("softirqs"), "CPU0\nTIMER: 9\n").unwrap();
        let mut interrupts = Interrupts::new();
        let mut totals = Vec::new();
        for _ in 0..4 {
            let mut tick = test_tick();
            interrupts.collect(&root, &mut tick, &mut |_, _| {});
            let said = tick.group(Group::Interrupt);
            assert!(said.deaths.is_empty());
            let of_first = said.changes.iter().filter(|change| {
                change.row == 0 && usize::from(change.field) == InterruptField::Total.column()
            });
            totals.extend(of_first.map(|change| change.reading()));
            if !said.births.is_empty() {
                let names = ["irq:1", "softirq:TIMER"].map(Key::name);
                assert!(said.births.iter().map(|(_, key)| key).eq(&names));
            }
        }
        assert_eq!(totals, [Ok(7), Err(Missing::NotRead), Ok(7)]);
    }
}
