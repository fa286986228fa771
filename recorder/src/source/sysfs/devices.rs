//! What a block device is: `/sys/class/block/NAME`.

use super::text;
use afterimage_format::reading::{Missing, Reading};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// A device and what it is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Device {
    pub(crate) name: Box<[u8]>,
    /// What it calls itself: `dm/name`, `md/level` or `device/model`.
    pub(crate) model: Reading<Vec<u8>>,
    /// What it stands on, with commas: `slaves`, and of a partition its disk.
    pub(crate) parents: Reading<Vec<u8>>,
}

/// Reads what there is of it; a device that does not say what it is has nothing to say it with.
pub(super) fn read(sys: &Path, name: Box<[u8]>) -> Device {
    // In the names of files `!` stands for the `/` that some devices have (`cciss!c0d0`).
    let file: Vec<u8> = name
        .iter()
        .map(|byte| if *byte == b'/' { b'!' } else { *byte })
        .collect();
    let folder = sys.join("class/block").join(OsStr::from_bytes(&file));
    let (model, parents) = if folder.is_dir() {
        (model(&folder), parents(&folder))
    } else {
        (Err(Missing::Gone), Err(Missing::Gone))
    };
    Device {
        name,
        model,
        parents,
    }
}

fn model(folder: &Path) -> Reading<Vec<u8>> {
    let mut last = Err(Missing::NotSupported);
    for file in ["dm/name", "md/level", "device/model"] {
        match text(&folder.join(file)) {
            Ok(text) => return Ok(text.trim_ascii().to_owned()),
            Err(Missing::NotSupported) => {}
            Err(missing) => last = Err(missing),
        }
    }
    last
}

fn parents(folder: &Path) -> Reading<Vec<u8>> {
    if folder.join("partition").exists() {
        // The link leads into the directory of the disk.
        let real = folder.canonicalize().ok();
        let disk = real
            .as_deref()
            .and_then(Path::parent)
            .and_then(Path::file_name);
        return disk.map_or(Err(Missing::Gone), |disk| Ok(disk.as_bytes().to_owned()));
    }
    let entries = std::fs::read_dir(folder.join("slaves"));
    let entries = entries.into_iter().flatten().flatten();
    let mut names: Vec<_> = entries.map(|entry| entry.file_name()).collect();
    if names.is_empty() {
        return Err(Missing::NotSupported);
    }
    names.sort_unstable();
    let names: Vec<&[u8]> = names.iter().map(|name| name.as_bytes()).collect();
    Ok(names.join(&b","[..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_device_says_its_name_by_what_it_is_and_a_partition_stands_on_its_disk() {
        let sys = tempfile::tempdir().unwrap();
        let write = |file: &str, text: &str| {
            let path = sys.path().join("devices/block").join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("sda/device/model", "Samsung SSD 870 \n");
        write("sda/sda1/partition", "1\n");
        write("dm-0/dm/name", "vg-root\n");
        write("dm-0/slaves/sdb", "");
        write("dm-0/slaves/sda1", "");
        write("md0/md/level", "raid1\n");
        write("ram0/size", "0\n");
        let class = sys.path().join("class/block");
        fs::create_dir_all(&class).unwrap();
        for (name, target) in [
            ("sda", "sda"),
            ("sda1", "sda/sda1"),
            ("dm-0", "dm-0"),
            ("md0", "md0"),
            ("ram0", "ram0"),
        ] {
            let target = format!("../../devices/block/{target}");
            std::os::unix::fs::symlink(target, class.join(name)).unwrap();
        }
        let said = |name: &str| {
            let device = read(sys.path(), name.as_bytes().into());
            let text =
                |reading: Reading<Vec<u8>>| reading.map(|text| String::from_utf8(text).unwrap());
            (text(device.model), text(device.parents))
        };
        let none = Err(Missing::NotSupported);
        assert_eq!(said("sda"), (Ok("Samsung SSD 870".into()), none.clone()));
        assert_eq!(said("sda1"), (none.clone(), Ok("sda".into())));
        assert_eq!(said("dm-0"), (Ok("vg-root".into()), Ok("sda1,sdb".into())));
        assert_eq!(said("md0"), (Ok("raid1".into()), none.clone()));
        assert_eq!(said("ram0"), (none.clone(), none));
        assert_eq!(said("sdz"), (Err(Missing::Gone), Err(Missing::Gone)));
    }
}
