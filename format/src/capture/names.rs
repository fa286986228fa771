//! The name of a file as SQLite is told it: whatever is in it, that file is meant.
//!
//! In: a path. Out: what SQLite takes for that path and nothing else. The SQLite that is built in
//! takes what begins with `file:` for a URI, whatever the flags say, and `:memory:` for no file.

use std::fs;
use std::path::{Path, PathBuf};

/// The same file by a name that SQLite takes to the letter: none that begins with a folder means
/// anything else.
pub(super) fn literal(path: &Path) -> PathBuf {
    Path::new(".").join(path)
}

/// The same file as a URI, which says with `how` the way to open it. Its own name has no link in
/// it and, as every byte that could mean something is spelled out, need not be UTF-8.
pub(super) fn uri(path: &Path, how: &str) -> String {
    let mut uri = "file:".to_owned();
    let real = fs::canonicalize(path).unwrap_or_else(|_| literal(path));
    for &byte in real.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => {
                uri.push(char::from(byte));
            }
            other => uri.extend(["%".to_owned(), format!("{other:02x}")]),
        }
    }
    uri.extend(["?", how]);
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_means_anything_but_a_file() {
        for name in ["file:a", "file:a?mode=memory", ":memory:", "a", "b/c"] {
            assert_eq!(literal(Path::new(name)), Path::new(".").join(name));
        }
        assert_eq!(literal(Path::new("/a/file:b")), Path::new("/a/file:b"));
        let folder = tempfile::tempdir().unwrap();
        let folder = fs::canonicalize(folder.path()).unwrap();
        fs::write(folder.join("a?b#c%41 d"), "").unwrap();
        let uri = uri(&folder.join("a?b#c%41 d"), "mode=ro");
        assert!(uri.ends_with("/a%3fb%23c%2541%20d?mode=ro"), "{uri}");
    }
}
