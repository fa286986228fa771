//! Where the lists of a page stand: under its table, one under the other or side by side.

use crate::command::Command;
use crate::panel::list;
use crate::state::tabs::Tab;
use crate::state::{Document, State};
use afterimage_analysis::lists::ListId;
use egui::{Rect, Ui, vec2};

/// The title, the headings and a line and a half of the file locks.
const LOCKS: f32 = 82.0;
/// What rounding to half a line may add.
const HALF: f32 = 10.5;

/// A part of a page has at least this height.
const LEAST: f32 = 70.0;

/// The table of the page, which needs this much, and what is left for its lists.
pub(super) fn split(document: &Document, room: Rect, table: f32) -> (Rect, Rect) {
    let wanted: f32 = rows_of(document).iter().map(|row| row.height).sum();
    // What the page is about stays in sight; a difference has a row for each of it.
    let most = match (document.tab, document.pinned.is_some()) {
        (Tab::Cpu, _) => 0.33,
        // How full the file systems are is half of what the page is about.
        (Tab::Disks, false) => 0.7,
        (_, true) => 0.45,
        (_, false) => 0.62,
    };
    let left = (room.height() - table).max(wanted.min(room.height() * most));
    let cut = room.bottom() - left.min(room.height() - LEAST).max(0.0);
    let (above, below) = room.split_top_bottom_at_y(cut);
    (above, below)
}

/// Lists side by side, each with its share of the width and those under each other in it.
struct Row {
    columns: Vec<(f32, Vec<ListId>)>,
    height: f32,
}

/// The rows of lists of a page.
fn rows_of(document: &Document) -> Vec<Row> {
    use ListId as Id;
    let columns: Vec<Vec<(f32, Vec<Id>)>> = match document.tab {
        Tab::Cpu => vec![vec![
            (1.15, vec![Id::SoftInterrupts]),
            (1.0, vec![Id::Interrupts]),
            (0.85, vec![Id::Speeds, Id::Nodes]),
        ]],
        Tab::Network => vec![vec![(1.35, vec![Id::Protocols]), (1.0, vec![Id::Limits])]],
        Tab::Disks => vec![
            vec![(1.0, vec![Id::FileSystems])],
            vec![(1.0, vec![Id::FileLocks])],
        ],
        Tab::Waits => vec![
            vec![(1.0, vec![Id::WaitChannels])],
            vec![(1.0, vec![Id::Waits])],
        ],
        Tab::Sockets => vec![
            vec![
                (0.72, vec![Id::SocketStates]),
                (1.15, vec![Id::Listeners]),
                (1.0, vec![Id::CloseWaits]),
                (1.1, vec![Id::LocalPorts]),
            ],
            vec![(1.0, vec![Id::Sockets])],
        ],
        Tab::Processes | Tab::Memory | Tab::Pressure | Tab::Log | Tab::Load | Tab::Threads => {
            vec![]
        }
    };
    let row = |columns: Vec<(f32, Vec<Id>)>| {
        let stack = |ids: &Vec<Id>| -> f32 {
            let all = ids.iter().map(|id| list::height(document, *id, most(*id)));
            all.sum()
        };
        let height = columns
            .iter()
            .map(|(_, ids)| stack(ids))
            .fold(LEAST, f32::max);
        Row { columns, height }
    };
    columns.into_iter().map(row).collect()
}

/// So many lines of a list are in sight at first, where there is room.
const fn most(id: ListId) -> usize {
    match id {
        ListId::WaitChannels | ListId::FileLocks => 5,
        ListId::FileSystems => 8,
        ListId::SocketStates | ListId::Listeners | ListId::CloseWaits | ListId::LocalPorts => 6,
        _ => 12,
    }
}

/// Draws the lists of the page in this room: each row as high as it needs, the last one with what
/// is left; where there is not enough, all of them give way alike.
pub(super) fn show(
    ui: &mut Ui,
    (state, document): (&State, &Document),
    room: Rect,
    out: &mut Vec<Command>,
) {
    let rows = rows_of(document);
    let wanted: Vec<f32> = rows.iter().map(|row| row.height).collect();
    let mut top = room.top();
    for (row, height) in rows
        .iter()
        .zip(heights(document.tab, &wanted, room.height()))
    {
        let rect = Rect::from_min_size(egui::pos2(room.left(), top), vec2(room.width(), height));
        one_row(ui, (state, document), row, rect, out);
        top += height;
    }
}

/// How high the rows of lists are that would like to be so high.
fn heights(tab: Tab, wanted: &[f32], room: f32) -> Vec<f32> {
    let shrink = (room / wanted.iter().sum::<f32>().max(1.0)).min(1.0);
    let mut left = room;
    let (count, mut heights) = (wanted.len(), Vec::new());
    for (number, wanted) in wanted.iter().enumerate() {
        let is_last = number + 1 == count;
        let height = match tab {
            _ if is_last => left,
            _ if shrink >= 1.0 => *wanted,
            // Locks give way to the file systems.
            Tab::Disks => {
                let most = (room - LOCKS).max(room / 2.0);
                list::half_a_line(wanted.min(most - HALF))
            }
            _ => list::half_a_line(wanted * shrink),
        };
        left -= height;
        heights.push(height);
    }
    heights
}

fn one_row(
    ui: &mut Ui,
    (state, document): (&State, &Document),
    row: &Row,
    rect: Rect,
    out: &mut Vec<Command>,
) {
    let shares: f32 = row.columns.iter().map(|(share, _)| share).sum();
    let mut left = rect.left();
    for (share, ids) in &row.columns {
        let width = rect.width() * share / shares;
        let mut top = rect.top();
        for (number, id) in ids.iter().enumerate() {
            let height = if number + 1 == ids.len() {
                rect.bottom() - top
            } else {
                list::height(document, *id, most(*id)).min(rect.height() / 2.0)
            };
            let place = Rect::from_min_size(egui::pos2(left, top), vec2(width, height));
            list::show_in(ui, place, (state, document, *id), out);
            top += height;
        }
        left += width;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_locks_give_way_to_the_file_systems_and_keep_a_line() {
        // Five lines each: the title, the headings, and the lines.
        let wanted = [159.0, 159.0];
        let heights = |tab, room| heights(tab, &wanted, room);
        let disks = heights(Tab::Disks, 220.0);
        // Three lines and a half of file systems; alike it would be two and a half.
        assert!((disks[0] - (48.0 + 3.55 * 21.0)).abs() < 0.1, "{disks:?}");
        assert!(disks[1] >= 48.0 + 21.0, "{disks:?}");
        let alike = heights(Tab::Waits, 220.0);
        assert!((alike[0] - (48.0 + 2.55 * 21.0)).abs() < 0.1, "{alike:?}");
        assert_eq!(heights(Tab::Disks, 400.0), [159.0, 241.0]);
    }
}
