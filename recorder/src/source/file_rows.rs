//! A file of `/proc` that is a table: one group, whose rows are its lines.

use super::{KeptFile, ProcRoot, RowSource};
use crate::rows::NamedRows;
use afterimage_format::group::Group;
use afterimage_format::reading::Reading;
use afterimage_format::tick::Tick;

/// Puts what the text of a file says into the rows.
type Parse = fn(&[u8], &mut NamedRows, &mut Tick);

/// The file and its rows.
#[derive(Debug)]
pub(crate) struct FileRows {
    name: &'static str,
    file: KeptFile,
    rows: NamedRows,
    parse: Parse,
}

impl FileRows {
    pub(crate) fn new(name: &'static str, group: Group, parse: Parse) -> Self {
        Self {
            name,
            file: KeptFile::new(name),
            rows: NamedRows::new(group),
            parse,
        }
    }
}

impl RowSource for FileRows {
    fn collect(
        &mut self,
        root: &ProcRoot,
        tick: &mut Tick,
        note: &mut dyn FnMut(&'static str, Reading<()>),
    ) {
        let text = self.file.read(root);
        note(self.name, text.map(drop));
        match text {
            Ok(text) => (self.parse)(text, &mut self.rows, tick),
            Err(missing) => self.rows.all_missing(tick, missing),
        }
    }

    fn forget(&mut self) {
        self.rows.forget();
    }
}
