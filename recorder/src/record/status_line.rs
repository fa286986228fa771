//! How the recording goes, in one line that fits the terminal. Pure.

use crate::status::Status;
use afterimage_analysis::amount::HumanBytes;
use afterimage_format::units::Bytes;

/// The line, in at most `width` characters: in full if it fits, else in short words, and of
/// those as many as there is room for, the most important first.
pub(super) fn status_line(status: &Status, width: usize) -> String {
    let (long, mut short): (Vec<_>, Vec<_>) = parts(status).into_iter().unzip();
    let line = long.join(", ");
    if line.chars().count() <= width {
        return line;
    }
    while short.len() > 1 && short.join(", ").chars().count() > width {
        short.pop();
    }
    short.join(", ").chars().take(width).collect()
}

/// Each part in full and in short.
fn parts(status: &Status) -> Vec<(String, String)> {
    let same = |text: String| (text.clone(), text);
    let mut parts = Vec::new();
    if status.trouble.is_some() {
        let words = format!("CANNOT WRITE: {} ticks in memory", status.backlog);
        parts.push((words, "CANNOT WRITE".to_owned()));
    }
    parts.push(same(format!("{} ticks", status.ticks)));
    parts.push(same(format!("{} missed", status.missed)));
    parts.push(same(HumanBytes(Bytes(status.data_bytes)).to_string()));
    let cost = format!("{:.1} ms", status.cost.as_secs_f64() * 1e3);
    parts.push((format!("last tick {cost} CPU"), cost));
    if status.trouble.is_none() && status.backlog > 1 {
        parts.push(same(format!("{} not on disk yet", status.backlog)));
    }
    let lists = [
        ("left out", status.shed.names().collect::<Vec<_>>()),
        ("not visible", status.not_visible_names().collect()),
    ];
    for (what, names) in lists.into_iter().filter(|(_, names)| !names.is_empty()) {
        let long = format!("{what}: {}", names.join(" "));
        parts.push((long, format!("{} {what}", names.len())));
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use afterimage_format::tick::Shed;
    use std::time::Duration;

    fn status() -> Status {
        Status {
            ticks: 1200,
            missed: 3,
            cost: Duration::from_micros(8640),
            data_bytes: 5 << 20,
            backlog: 1,
            shed: Shed::RARE_FILES,
            missing: vec![("PID/io", "denied".to_owned())],
            ..Status::default()
        }
    }

    #[test]
    fn a_wide_terminal_shows_everything_and_a_narrow_one_the_important() {
        let line = |width| status_line(&status(), width);
        let all = "1200 ticks, 3 missed, 5.0 MiB, last tick 8.6 ms CPU, left out: rare-files, not visible: PID/io";
        assert_eq!(line(159), all);
        assert_eq!(
            line(79),
            "1200 ticks, 3 missed, 5.0 MiB, 8.6 ms, 1 left out, 1 not visible"
        );
        assert_eq!(line(39), "1200 ticks, 3 missed, 5.0 MiB, 8.6 ms");
        assert_eq!(line(7), "1200 ti");
        assert_eq!(line(0), "");
    }

    #[test]
    fn what_cannot_be_written_comes_first() {
        let mut status = status();
        status.trouble = Some("disk full".to_owned());
        status.backlog = 12;
        let line = status_line(&status, 39);
        assert_eq!(line, "CANNOT WRITE, 1200 ticks, 3 missed");
    }
}
