//! Block devices: what each did at each tick, and what it is, asked when it appears.

use super::sysfs::{Ask, Errand, Sysfs, devices::Device};
use super::{KeptFile, ProcRoot, RowSource, diskstats};
use crate::rows::NamedRows;
use afterimage_format::group::{DiskField, Group};
use afterimage_format::reading::{Missing, Reading};
use afterimage_format::tick::{Key, Tick};

/// Ticks after which all are asked again: a dm device may get another name, an array another disk.
const ROUND: u16 = 60;

/// `/proc/diskstats`, its rows, and what is to be known of them.
#[derive(Debug)]
pub(crate) struct Disks {
    file: KeptFile,
    rows: NamedRows,
    errand: Errand<Vec<Device>>,
    /// Every device that has a row, when all are asked again; else those that are new.
    wanted: Vec<Box<[u8]>>,
    all: Vec<Box<[u8]>>,
    wait: u16,
}

impl Disks {
    pub(crate) fn new(sysfs: &Sysfs) -> Self {
        Self {
            file: KeptFile::new("diskstats"),
            rows: NamedRows::new(Group::Disk),
            errand: Errand::new(sysfs),
            wanted: Vec::new(),
            all: Vec::new(),
            wait: ROUND,
        }
    }

    /// Puts in what has come, and asks for what is new.
    fn identify(&mut self, tick: &mut Tick, note: &mut dyn FnMut(&'static str, Reading<()>)) {
        let now = tick.times.began.monotonic;
        let born = tick.group(Group::Disk).births.iter();
        for key in born.map(|(_, key)| key) {
            if let Key::Name(name) = key {
                self.wanted.push(name.clone());
                self.all.push(name.clone());
            }
        }
        self.wait = self.wait.saturating_sub(1);
        if self.wait == 0 {
            self.wait = ROUND;
            self.all.retain(|name| self.rows.known(&**name).is_some());
            self.wanted.clone_from(&self.all);
        }
        if let Some(devices) = self.errand.answer() {
            note("class/block", Ok(()));
            for device in devices {
                self.put(&device, tick);
            }
        }
        if self.errand.is_late(now) {
            note("class/block", Err(Missing::Blocked));
        }
        if self.wanted.is_empty() || !self.errand.is_idle() {
            return;
        }
        let wanted = std::mem::take(&mut self.wanted);
        let asked = self.errand.ask(now, |asker| Ask::Devices(wanted, asker));
        if let Err(missing) = asked {
            note("class/block", Err(missing));
        }
    }

    fn put(&mut self, device: &Device, tick: &mut Tick) {
        // It may have gone meanwhile.
        let Some(row) = self.rows.known(&*device.name) else {
            return;
        };
        for (field, reading) in [
            (DiskField::Model, &device.model),
            (DiskField::Parents, &device.parents),
        ] {
            let reading = reading.as_deref().map_err(|missing| *missing);
            row.text(tick, field.column(), reading);
        }
    }
}

impl RowSource for Disks {
    fn collect(
        &mut self,
        root: &ProcRoot,
        tick: &mut Tick,
        note: &mut dyn FnMut(&'static str, Reading<()>),
    ) {
        let text = self.file.read(root);
        note("diskstats", text.map(drop));
        match text {
            Ok(text) => diskstats::parse(text, &mut self.rows, tick),
            Err(missing) => self.rows.all_missing(tick, missing),
        }
        self.identify(tick, note);
    }

    fn forget(&mut self) {
        self.rows.forget();
        self.all.clear();
        self.wanted.clear();
    }
}
