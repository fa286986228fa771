//! From what is typed or pasted into a field to the path that is meant.

use std::path::{Path, PathBuf};

/// The file that a text names: `~/` is `home`, what file managers copy (`file://…`, quotes) is
/// taken for what it is, and blanks around it are not part of it.
pub fn path_from(text: &str, home: Option<&Path>) -> PathBuf {
    let text = text.trim();
    let unquoted = ['"', '\''].into_iter().find_map(|quote| {
        let inner = text.strip_prefix(quote)?.strip_suffix(quote)?;
        Some(inner)
    });
    let text = unquoted.unwrap_or(text);
    if let Some(path) = text.strip_prefix("file://").and_then(decoded) {
        return path.into();
    }
    match (text.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => text.into(),
    }
}

/// A path out of an address: without the host's name, and `%20` is a blank.
fn decoded(address: &str) -> Option<String> {
    let path = &address[address.find('/')?..];
    let (mut bytes, mut rest) = (Vec::new(), path.as_bytes());
    while let Some((first, behind)) = rest.split_first() {
        let code = (*first == b'%').then(|| behind.get(..2)).flatten();
        let code = code.and_then(|code| str::from_utf8(code).ok());
        let code = code.and_then(|code| u8::from_str_radix(code, 16).ok());
        rest = if code.is_some() { &behind[2..] } else { behind };
        bytes.push(code.unwrap_or(*first));
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_pasted_is_taken_for_the_file_that_is_meant() {
        let home = Some(Path::new("/home/me"));
        let from = |text| path_from(text, home).display().to_string();
        assert_eq!(from(" /tmp/a b.afterimage \n"), "/tmp/a b.afterimage");
        assert_eq!(from("~/a.afterimage"), "/home/me/a.afterimage");
        assert_eq!(from("~other/a"), "~other/a");
        assert_eq!(from("'/tmp/it is'"), "/tmp/it is");
        assert_eq!(
            from("file:///tmp/a%20b%C3%BC.afterimage"),
            "/tmp/a bü.afterimage"
        );
        assert_eq!(from("file://host/tmp/100%"), "/tmp/100%");
        assert_eq!(from("\""), "\"");
        assert_eq!(path_from("~/a", None), Path::new("~/a"));
    }
}
