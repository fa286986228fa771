//! A line about a lock: `- locked <0x00000000e020de30> (a java.io.BufferedInputStream)`.

use super::super::intern::Interner;
use super::super::model::{How, Lock, LockUse};

/// The line from behind the `- ` on, at this depth, within the list of synchronizers or before it.
pub(super) fn parse(
    line: &str,
    (depth, is_in_list): (usize, bool),
    names: &mut Interner,
) -> Option<LockUse> {
    let initialization = "waiting on the Class initialization monitor for ";
    let (how, lock) = if let Some(class) = line.strip_prefix(initialization) {
        let class = names.text(class.trim());
        let lock = Lock {
            id: class.clone(),
            class,
        };
        (How::ClassInitialization, Some(lock))
    } else if line.starts_with("<0x") && is_in_list {
        (How::Owns, Some(lock(line, names)?))
    } else {
        let kinds = [
            ("locked ", How::Locked),
            ("waiting to lock ", How::WaitingToLock),
            ("waiting on ", How::WaitingOn),
            ("parking to wait for ", How::Parking),
            ("waiting to re-lock in wait() ", How::Relocking),
            ("eliminated ", How::Eliminated),
        ];
        let found = kinds
            .iter()
            .find_map(|(words, how)| Some((how, line.strip_prefix(words)?)));
        let (how, rest) = found?;
        let rest = rest.trim_start();
        let is_unnamed = rest.starts_with("<no object reference available>")
            || rest.starts_with("<owner is scalar replaced>");
        let lock = if is_unnamed {
            None
        } else {
            Some(lock(rest, names)?)
        };
        (*how, lock)
    };
    Some(LockUse {
        how,
        lock,
        depth,
        owner: None,
    })
}

/// `<0x00000000e020de30> (a java.io.BufferedInputStream)`; the class may be missing.
fn lock(text: &str, names: &mut Interner) -> Option<Lock> {
    let (id, rest) = text.strip_prefix('<')?.split_once('>')?;
    if !id.starts_with("0x") {
        return None;
    }
    let class = rest.trim_start().strip_prefix("(a ").unwrap_or_default();
    let class = class.rfind(')').map_or(class, |end| &class[..end]);
    Some(Lock {
        id: names.text(id),
        class: names.text(class),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Option<LockUse> {
        parse(line, (3, false), &mut Interner::default())
    }

    #[test]
    fn every_form_of_the_line_is_known() {
        for (line, how, id, class) in [
            ("locked <0x1> (a C)", How::Locked, "0x1", "C"),
            (
                "waiting to lock <0x1> (a java.lang.Class for X)",
                How::WaitingToLock,
                "0x1",
                "java.lang.Class for X",
            ),
            ("waiting on <0x1> (a C)", How::WaitingOn, "0x1", "C"),
            (
                "parking to wait for  <0x1> (a a.b$C)",
                How::Parking,
                "0x1",
                "a.b$C",
            ),
            (
                "waiting to re-lock in wait() <0x1> (a C)",
                How::Relocking,
                "0x1",
                "C",
            ),
            ("eliminated <0x1> (a C)", How::Eliminated, "0x1", "C"),
            (
                "waiting on the Class initialization monitor for a.B",
                How::ClassInitialization,
                "a.B",
                "a.B",
            ),
        ] {
            let used = read(line).unwrap();
            let lock = used.lock.unwrap();
            assert_eq!(
                (used.how, &*lock.id, &*lock.class, used.depth),
                (how, id, class, 3),
                "{line}"
            );
        }
        for line in [
            "eliminated <owner is scalar replaced> (a C)",
            "waiting on <no object reference available>",
        ] {
            assert_eq!(read(line).unwrap().lock, None, "{line}");
        }
    }

    #[test]
    fn the_list_of_synchronizers_is_only_at_its_place() {
        let mut names = Interner::default();
        let owned = parse("<0x2> (a L)", (0, true), &mut names).unwrap();
        assert_eq!(owned.how, How::Owns);
        for line in [
            "None",
            "<0x2> (a L)",
            "locked",
            "locked 0x1",
            "something else",
        ] {
            assert_eq!(parse(line, (0, false), &mut names), None, "{line}");
        }
    }
}
