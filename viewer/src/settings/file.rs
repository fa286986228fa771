//! The file that settings are kept in: found, read, and written without ever being half there.

use super::Settings;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// What reading the file came to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Read {
    /// What is remembered.
    pub settings: Settings,
    /// What a person should know of it.
    pub problem: Option<String>,
}

/// Where settings are kept on this machine, for this person; nothing when that is not known.
pub fn path() -> Option<PathBuf> {
    let folder = |name| std::env::var_os(name).map(PathBuf::from);
    let folder = |name| folder(name).filter(|folder| folder.is_absolute());
    let home = || folder("HOME");
    let base = if cfg!(target_os = "macos") {
        home().map(|home| home.join("Library/Application Support"))
    } else if cfg!(windows) {
        folder("APPDATA")
    } else {
        folder("XDG_CONFIG_HOME").or_else(|| home().map(|home| home.join(".config")))
    };
    base.map(|base| base.join("afterimage").join("viewer.toml"))
}

/// Reads them. A file that cannot be understood is put aside, so that it is neither lost nor in
/// the way.
pub fn read(path: &Path) -> Read {
    let text = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Read::default(),
        Err(error) => {
            let path = path.display();
            return told(format!("The settings in {path} cannot be read ({error})."));
        }
    };
    let parsed = String::from_utf8(text).map_err(|error| error.to_string());
    let parsed = parsed.and_then(|text| {
        toml::from_str(&text).map_err(|error: toml::de::Error| error.message().to_owned())
    });
    match parsed {
        Ok(settings) => Read {
            settings,
            problem: None,
        },
        Err(why) => told(put_aside(path, &why)),
    }
}

fn told(problem: String) -> Read {
    Read {
        settings: Settings::default(),
        problem: Some(problem),
    }
}

fn put_aside(path: &Path, why: &str) -> String {
    let aside = path.with_extension("toml.damaged");
    let (from, to) = (path.display(), aside.display());
    match std::fs::rename(path, &aside) {
        Ok(()) => format!(
            "The settings could not be understood ({why}). They were put aside as {to}, and new \
             ones begin."
        ),
        Err(error) => format!(
            "The settings in {from} could not be understood ({why}), nor put aside ({error})."
        ),
    }
}

/// Writes them beside the old ones, which they then replace.
pub fn write(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    // Another viewer may be at it at the same time.
    let beside = path.with_extension(format!("toml.{}", std::process::id()));
    let written = write_new(&beside, text).and_then(|()| std::fs::rename(&beside, path));
    if written.is_err() {
        drop(std::fs::remove_file(&beside));
    }
    written
}

/// Which captures somebody looks at is nobody else's business.
fn write_new(path: &Path, text: &str) -> io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_the_first_day_has_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("afterimage/viewer.toml");
        assert_eq!(read(&path), Read::default());
        let settings = Settings {
            zoom: Some(1.25),
            ..Settings::default()
        };
        write(&path, &toml::to_string(&settings).unwrap()).unwrap();
        assert_eq!(read(&path).settings, settings);
        let left = std::fs::read_dir(path.parent().unwrap()).unwrap();
        assert_eq!(left.count(), 1);
    }

    #[test]
    fn a_damaged_file_is_put_aside_and_told_of() {
        for damaged in [&b"zoom = \"large\""[..], b"[[[", b"\xff\xfe\0", &[0; 900]] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("viewer.toml");
            std::fs::write(&path, damaged).unwrap();
            let read = read(&path);
            assert_eq!(read.settings, Settings::default());
            let told = read.problem.unwrap();
            assert!(told.contains("viewer.toml.damaged"), "{told}");
            assert!(!path.exists());
            let aside = path.with_extension("toml.damaged");
            assert_eq!(std::fs::read(aside).unwrap(), damaged);
        }
    }
}
