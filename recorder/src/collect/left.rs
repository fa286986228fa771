//! What a tick leaves for who decides on thread dumps.

use super::Collector;
use crate::dumps::Lookout;
use afterimage_format::group::PressureField;
use afterimage_format::tick::Tick;
use std::time::Duration;

impl Collector {
    /// Who decides on thread dumps finds some numbers of each tick there from now on.
    pub(crate) fn leave_at(&mut self, lookout: Lookout) {
        self.lookout = Some(lookout).filter(|_| self.root.is_live());
    }

    pub(super) fn leave_for_dumps(&mut self, tick: &Tick, interval: Duration) {
        let Some(lookout) = &self.lookout else {
            return;
        };
        let when = (tick.times.began.monotonic, interval);
        let Self {
            pressure, sockets, ..
        } = self;
        lookout.leave(when, (&self.glances, self.tasks.stuck()), |look| {
            let lines = [&b"cpu some"[..], b"io some", b"memory full"];
            for (percent, line) in look.pressure.iter_mut().zip(lines) {
                let row = pressure.known(line);
                let value = row.map(|row| row.last(PressureField::Avg10.column()));
                let value = value.and_then(Result::ok);
                *percent = value.map(|hundredths| hundredths as f64 / 100.0);
            }
            sockets.served(look);
        });
    }
}
