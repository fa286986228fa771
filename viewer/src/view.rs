//! How the processes are to be shown in a picture, as it is written on the command line.
//!
//! `--view as=tree --view select=1180` does what a person would do before looking.

use crate::command::{Command, DumpCommand, LogCommand, TrackCommand, WindowCommand};
use crate::state::dumps::DumpPage;
use crate::state::table::{Arrangement, Column, DEFAULT_COLUMNS};
use crate::state::tabs::Tab;
use crate::state::tracks::TrackId;
use crate::state::{Document, State};
use afterimage_analysis::load::By;
use afterimage_analysis::processes::group::GroupBy;
use afterimage_format::process::Pid;
use std::str::FromStr;

/// One thing to do before the picture is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ViewOption {
    /// `filter=TEXT`
    Filter(String),
    /// `sort=COLUMN`
    Sort(Column),
    /// `as=list|tree|user|cgroup|program|state`
    As(Arrangement),
    /// `columns=pid,user,…`
    Columns(Vec<Column>),
    /// `pin=TIME`: compare with that moment; after `threads`, with the dump of that moment.
    Pin(String),
    /// `select=PID`: its page beside the table.
    Select(i32),
    /// `page=PID`: its page over the whole width.
    Page(i32),
    /// `find=TEXT`: the palette with that text.
    Find(String),
    /// `help=keys`: the help page.
    Help,
    /// `tab=cpu`: that page of the lower half.
    Tab(Tab),
    /// `by=process|command|user|wchan`: the load, grouped by that.
    LoadBy(By),
    /// `search=TEXT` in the kernel log.
    Search(String),
    /// `tracks=load,cpu,network-trouble`: these tracks, from the top.
    Tracks(Vec<TrackId>),
    /// `threads` or `threads=findings|grid|groups|locks|calls|text|compare`: the thread dumps.
    Dumps(DumpPage),
    /// `thread=NAME`: the page of a thread of the dump.
    Thread(String),
}

impl FromStr for ViewOption {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = "filter=, sort=, as=, columns=, pin=, select=, page=, tab=, by=, search=, tracks=, threads=, thread=, find=, help=keys";
        if text == Tab::Threads.key() {
            return Ok(Self::Dumps(DumpPage::default()));
        }
        let (key, value) = text
            .split_once('=')
            .ok_or_else(|| format!("write KEY=VALUE with one of {known}"))?;
        let column =
            |name: &str| Column::named(name).ok_or_else(|| format!("there is no column `{name}`"));
        let pid = || {
            value
                .parse()
                .map_err(|error| format!("`{value}` is no pid: {error}"))
        };
        Ok(match key {
            "filter" => Self::Filter(value.to_owned()),
            "sort" => Self::Sort(column(value)?),
            "columns" => Self::Columns(value.split(',').map(column).collect::<Result<_, _>>()?),
            "pin" => Self::Pin(value.to_owned()),
            "select" => Self::Select(pid()?),
            "page" => Self::Page(pid()?),
            "find" => Self::Find(value.to_owned()),
            "help" if value == "keys" => Self::Help,
            "tab" => Self::Tab(tab(value)?),
            "by" => Self::LoadBy(value.parse()?),
            "search" => Self::Search(value.to_owned()),
            "tracks" => Self::Tracks(value.split(',').map(track).collect::<Result<_, _>>()?),
            "threads" => Self::Dumps(dump_page(value)?),
            "thread" => Self::Thread(value.to_owned()),
            "as" => Self::As(match value {
                "list" => Arrangement::Flat,
                "tree" => Arrangement::Tree,
                "user" => Arrangement::By(GroupBy::User),
                "cgroup" => Arrangement::By(GroupBy::Cgroup),
                "program" => Arrangement::By(GroupBy::Command),
                "state" => Arrangement::By(GroupBy::State),
                _ => return Err("write as=list, tree, user, cgroup, program or state".to_owned()),
            }),
            _ => return Err(format!("`{key}` is not known: write one of {known}")),
        })
    }
}

impl ViewOption {
    /// What a person would do, in steps: after each, what it asks for must be loaded.
    ///
    /// Fails when nobody has that pid at that moment, and without a capture to show it of.
    pub fn steps(&self, state: &State) -> Result<Vec<Vec<Command>>, String> {
        let window = |commands: Vec<WindowCommand>| -> Vec<Vec<Command>> {
            vec![commands.into_iter().map(Command::Window).collect()]
        };
        match self {
            Self::Help => return Ok(window(vec![WindowCommand::ToggleHelp])),
            Self::Find(text) => {
                let typed = WindowCommand::EditPalette(text.clone());
                return Ok(window(vec![WindowCommand::OpenPalette, typed]));
            }
            _ => {}
        }
        let document = state.document().ok_or_else(|| {
            "without a FILE there is only `--view help=keys` and `--view find=TEXT`".to_owned()
        })?;
        let table = &document.table;
        Ok(match self {
            Self::Help | Self::Find(_) => vec![],
            Self::Filter(text) => vec![vec![Command::Filter(text.clone())]],
            Self::Sort(column) if table.sort == *column => vec![],
            Self::Sort(column) => vec![vec![Command::SortBy(*column)]],
            Self::As(arrangement) => vec![vec![Command::Arrange(*arrangement)]],
            Self::Columns(columns) => vec![choose(columns)],
            Self::Pin(time) => {
                let jump = vec![
                    Command::BeginJump,
                    Command::EditJump(time.clone()),
                    Command::Jump,
                    Command::FocusTaken,
                ];
                let back = vec![Command::TogglePin, Command::SetCursor(document.time.cursor)];
                vec![jump, back]
            }
            Self::Tab(tab) => vec![vec![Command::ShowTab(*tab)]],
            Self::LoadBy(by) => {
                vec![vec![Command::ShowTab(Tab::Load), Command::GroupLoadBy(*by)]]
            }
            Self::Search(text) => {
                let search = Command::Log(LogCommand::Search(text.clone()));
                let next = Command::Log(LogCommand::NextMatch(1));
                vec![vec![Command::ShowTab(Tab::Log), search, next]]
            }
            Self::Tracks(tracks) => {
                let shown = document.timeline.tracks.0.iter().map(|track| track.id);
                let all = shown.chain(tracks.iter().copied());
                let toggle = |id| Command::Track(TrackCommand::Toggle(id));
                vec![all.map(toggle).collect()]
            }
            Self::Dumps(page) => vec![vec![Command::Dumps(DumpCommand::Show(*page))]],
            Self::Thread(name) => {
                let called = Command::Dumps(DumpCommand::Called(name.clone()));
                vec![vec![Command::ShowTab(Tab::Threads), called]]
            }
            Self::Select(pid) => vec![follow(state, *pid)?],
            Self::Page(pid) => {
                let mut commands = follow(state, *pid)?;
                commands.push(Command::TogglePageWidth);
                vec![commands]
            }
        })
    }
}

fn track(name: &str) -> Result<TrackId, String> {
    let found = TrackId::ALL.into_iter().find(|id| id.key() == name);
    found.ok_or_else(|| {
        let known = TrackId::ALL.map(TrackId::key).join(", ");
        format!("there is no track `{name}`: write one of {known}")
    })
}

fn tab(name: &str) -> Result<Tab, String> {
    let found = Tab::ALL.into_iter().find(|tab| tab.key() == name);
    found.ok_or_else(|| {
        let known = Tab::ALL.map(Tab::key).join(", ");
        format!("there is no tab `{name}`: write one of {known}")
    })
}

fn dump_page(name: &str) -> Result<DumpPage, String> {
    let found = DumpPage::ALL.into_iter().find(|page| page.key() == name);
    found.ok_or_else(|| {
        let known = DumpPage::ALL.map(DumpPage::key).join(", ");
        format!("thread dumps are not shown as `{name}`: write one of {known}")
    })
}

/// Makes these columns out of those that are shown at first.
fn choose(columns: &[Column]) -> Vec<Command> {
    let mut commands = vec![Command::ResetColumns];
    let missing = columns
        .iter()
        .filter(|column| !DEFAULT_COLUMNS.contains(column));
    commands.extend(missing.map(|column| Command::ToggleColumn(*column)));
    let left_over = DEFAULT_COLUMNS
        .iter()
        .filter(|column| !columns.contains(column));
    commands.extend(left_over.map(|column| Command::ToggleColumn(*column)));
    let to_end = |column: &Column| Command::MoveColumn {
        column: *column,
        before: None,
    };
    commands.extend(columns.iter().map(to_end));
    commands
}

fn follow(state: &State, pid: i32) -> Result<Vec<Command>, String> {
    let rows = state.document().and_then(Document::rows);
    let found = rows.map(|rows| rows.all()).unwrap_or_default();
    let found = found.iter().find(|seen| seen.row.key.pid == Pid(pid));
    let found = found.ok_or_else(|| format!("no process {pid} was there at that moment"))?;
    Ok(vec![Command::Follow(found.row.key)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_capture_there_is_help_and_the_rest_is_refused() {
        let steps = |text: &str| {
            let option: ViewOption = text.parse().unwrap();
            option.steps(&State::default()).map(|steps| steps.len())
        };
        assert_eq!((steps("help=keys"), steps("find=zoom")), (Ok(1), Ok(1)));
        assert!(steps("tab=cpu").unwrap_err().contains("without a FILE"));
    }

    #[test]
    fn options_are_read_and_what_is_wrong_is_said() {
        let read = |text: &str| text.parse::<ViewOption>();
        assert_eq!(read("sort=mem"), Ok(ViewOption::Sort(Column::Rss)));
        assert_eq!(
            read("filter=cpu>10 user=x"),
            Ok(ViewOption::Filter("cpu>10 user=x".to_owned()))
        );
        assert_eq!(
            read("columns=pid,cpu"),
            Ok(ViewOption::Columns(vec![Column::Pid, Column::Cpu]))
        );
        assert_eq!(read("tab=log"), Ok(ViewOption::Tab(Tab::Log)));
        assert_eq!(
            read("tracks=cpu,network-trouble"),
            Ok(ViewOption::Tracks(vec![
                TrackId::Cpu,
                TrackId::NetworkTrouble
            ]))
        );
        assert_eq!(read("threads"), Ok(ViewOption::Dumps(DumpPage::Findings)));
        assert_eq!(
            read("threads=calls"),
            Ok(ViewOption::Dumps(DumpPage::Calls))
        );
        for wrong in [
            "tree",
            "tab=x",
            "as=forest",
            "sort=x",
            "select=y",
            "tracks=cpu,x",
            "colour=red",
            "threads=x",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
