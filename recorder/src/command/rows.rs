//! The rows of a stretch, as every command over time prints them.
//!
//! In: a command's own columns and rows. Out: those that were asked for; in JSON and CSV with how
//! much time the rates of each are over, and each gap as a row of its own.

use super::printer::Printer;
use super::stretch::Pause;
use crate::cli::{Format, RangeArgs};
use afterimage_analysis::rate::Step;
use afterimage_analysis::table::{Cell, Column};
use afterimage_analysis::zone::Zone;
use anyhow::bail;

/// What every row has behind its own columns.
const ADDED: [Column; 3] = [
    Column::number("over_seconds", "OVER"),
    Column::text("gap", "GAP"),
    Column::number("gap_seconds", "GAP S"),
];

/// Where the rows of a stretch go.
#[derive(Debug)]
pub(super) struct Rows {
    format: Format,
    printer: Printer,
    /// How many columns are the command's own.
    own: usize,
    /// Which columns were asked for.
    places: Vec<usize>,
}

impl Rows {
    /// For a command with these columns, of which the first is the moment.
    pub(super) fn new(args: &RangeArgs, own: Vec<Column>) -> anyhow::Result<Self> {
        let format = args.show.format;
        let width = own.len();
        let columns: Vec<Column> = own.into_iter().chain(ADDED).collect();
        let places = match (&args.columns, format) {
            (Some(names), _) => chosen(names, &columns)?,
            (None, Format::Table) => (0..width).collect(),
            (None, _) => (0..columns.len()).collect(),
        };
        let shown = places.iter().map(|&place| columns[place]);
        Ok(Self {
            format,
            printer: Printer::new(format, shown.collect()),
            own: width,
            places,
        })
    }

    /// Prints a row of the command's own cells.
    pub(super) fn row(
        &mut self,
        mut cells: Vec<Cell>,
        step: Option<&Step<'_>>,
    ) -> anyhow::Result<()> {
        let seconds = step.map(|step| step.elapsed.seconds);
        cells.extend([Cell::real(seconds, 3), Cell::Absent, Cell::Absent]);
        self.print(cells)
    }

    /// Prints averages over so many seconds.
    pub(super) fn average(&mut self, mut cells: Vec<Cell>, seconds: f64) -> anyhow::Result<()> {
        let seconds = Cell::real(Some(seconds), 3);
        cells.extend([seconds, Cell::Absent, Cell::Absent]);
        self.print(cells)
    }

    /// Prints a gap.
    pub(super) fn gap(&mut self, gap: &Pause, zone: &Zone) -> anyhow::Result<()> {
        if self.format == Format::Table {
            return Ok(self.printer.words(gap.words(zone))?);
        }
        let [at, cause, seconds] = gap.cells(zone);
        let mut cells = vec![Cell::Absent; self.own];
        cells[0] = at;
        cells.extend([Cell::Absent, cause, seconds]);
        self.print(cells)
    }

    /// Prints a line across all columns of a table for people, and nowhere else.
    pub(super) fn words(&mut self, words: String) -> anyhow::Result<()> {
        Ok(self.printer.words(words)?)
    }

    /// The end.
    pub(super) fn finish(self) -> anyhow::Result<()> {
        Ok(self.printer.finish()?)
    }

    fn print(&mut self, mut cells: Vec<Cell>) -> anyhow::Result<()> {
        if let (Format::Table, Some(Cell::Word(time))) = (self.format, cells.first_mut()) {
            // People need no milliseconds, and no offset on each line.
            *time = time.get(..19).unwrap_or(time).replace('T', " ");
        }
        if self.places.iter().copied().eq(0..cells.len()) {
            return Ok(self.printer.row(&cells)?);
        }
        let chosen = self.places.iter().map(|&place| cells[place].clone());
        Ok(self.printer.row(&chosen.collect::<Vec<_>>())?)
    }
}

/// The places of the columns with these names.
pub(super) fn chosen(names: &[String], columns: &[Column]) -> anyhow::Result<Vec<usize>> {
    let place = |name: &String| {
        let keys = columns.iter().position(|column| column.key == *name);
        let headings = || {
            columns
                .iter()
                .position(|column| column.heading.eq_ignore_ascii_case(name))
        };
        let Some(place) = keys.or_else(headings) else {
            let all: Vec<&str> = columns.iter().map(|column| column.key).collect();
            bail!("there is no column {name:?}; there are {}", all.join(" "));
        };
        Ok(place)
    };
    names.iter().map(place).collect()
}
