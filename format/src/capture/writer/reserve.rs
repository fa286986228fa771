//! Room that is ours already when the disk is full.

use super::Writer;

impl Writer {
    /// A clean end gives the free pages back to the file system.
    pub(super) fn give_back_reserve(&mut self) -> rusqlite::Result<()> {
        self.db
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        let mut vacuum = self.db.prepare("PRAGMA incremental_vacuum")?;
        let mut pages = vacuum.query([])?;
        while pages.next()?.is_some() {}
        Ok(())
    }
}
