//! Who has the other end of the pipe or UNIX socket that a thread waits for, in the columns `holders`,
//! `local` and `remote` of its line. A view in which nobody waits for one has none of these columns.

use super::{escaped, unescaped};

/// More are not told of one end.
const MOST_HOLDERS: usize = 64;
/// The columns, in their order.
pub(super) const COLUMNS: [&str; 3] = ["holders", "local", "remote"];

/// The other end of a pipe or UNIX socket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OtherEnd {
    /// Processes that have it, by their numbers on the host.
    pub holders: Vec<i32>,
    /// Of a UNIX socket the names of the thread's own end and of the other: paths, or with `@` first
    /// those that are none; empty for an end that has no name. A pipe has none.
    pub names: Option<[String; 2]>,
}

impl OtherEnd {
    /// The end of the line of a thread.
    pub(super) fn push_to(this: Option<&Self>, text: &mut String) {
        let holders = this.map_or(String::new(), |this| {
            let holders: Vec<String> = this.holders.iter().map(i32::to_string).collect();
            holders.join(",")
        });
        let names = this.and_then(|this| this.names.as_ref());
        let name = |place: usize| escaped(names.map(|names| names[place].as_bytes()));
        let fields = [holders, name(0), name(1)];
        text.push('\t');
        text.push_str(&fields.join("\t"));
    }

    /// Takes a field of the line of a thread, if it is one of these columns.
    pub(super) fn take(this: &mut Option<Self>, name: &[u8], field: &[u8]) {
        let text = || {
            let text = unescaped(field)?;
            Some(String::from_utf8_lossy(&text).into_owned())
        };
        match name {
            b"holders" => {
                let holders = str::from_utf8(field).unwrap_or_default().split(',');
                let holders = holders.filter_map(|pid| pid.parse().ok());
                let holders: Vec<i32> = holders.take(MOST_HOLDERS).collect();
                if !holders.is_empty() {
                    this.get_or_insert_default().holders = holders;
                }
            }
            // They come behind the holders, and without these say nothing.
            b"local" | b"remote" => {
                if let Some((this, text)) = this.as_mut().zip(text()) {
                    let names = this.names.get_or_insert_default();
                    names[usize::from(name == b"remote")] = text;
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{KernelView, ThreadView};
    use super::*;
    use crate::time::{BootTime, WallTime};
    use std::time::Duration;

    fn view(ends: Vec<Option<OtherEnd>>) -> KernelView {
        let thread = |other_end| ThreadView {
            tid: 5,
            other_end,
            ..ThreadView::default()
        };
        KernelView {
            at: WallTime(5),
            at_boot: BootTime(5),
            took: Duration::ZERO,
            unread: 0,
            cgroup: None,
            threads: ends.into_iter().map(thread).collect(),
        }
    }

    fn end(holders: &[i32], names: Option<[&str; 2]>) -> OtherEnd {
        OtherEnd {
            holders: holders.to_vec(),
            names: names.map(|names| names.map(str::to_owned)),
        }
    }

    #[test]
    fn who_has_the_other_end_is_written_and_read() {
        let view = view(vec![
            Some(end(&[812], Some(["", "/run/a b\t.s.PGSQL.5432"]))),
            None,
            Some(end(&[7, 9], None)),
            Some(end(&[8], Some(["@/tmp/x", ""]))),
        ]);
        let text = view.to_text();
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[1].ends_with("\tfile\tholders\tlocal\tremote"));
        assert!(lines[2].ends_with("\t812\t-\t/run/a b\\x09.s.PGSQL.5432"));
        assert!(lines[3].ends_with("\t\t\t"));
        assert!(lines[4].ends_with("\t7,9\t\t"));
        assert_eq!(KernelView::from_text(text.as_bytes()), Some(view));
    }

    #[test]
    fn a_view_without_any_has_no_columns_for_it_and_damage_is_none() {
        let text = view(vec![None]).to_text();
        assert!(text.lines().nth(1).unwrap().ends_with("\tfile"));
        let read = |line: &str| {
            let text = format!("at_us\t5\ntid\tholders\tlocal\tremote\n{line}\n");
            let view = KernelView::from_text(text.as_bytes()).unwrap();
            view.threads[0].other_end.clone()
        };
        assert_eq!(read("5\t7,x,9\t\t"), Some(end(&[7, 9], None)));
        assert_eq!(read("5\tx\t-\t/a"), None);
        assert_eq!(read("5\t7"), Some(end(&[7], None)));
    }
}
