//! How many requests wait for a server, out of the rows of its sockets.

use super::Sockets;
use crate::dumps::Look;
use afterimage_format::group::SocketField;
use afterimage_format::process::Pid;

impl Sockets {
    /// What waits at the ports of the processes that are wanted.
    pub(crate) fn served(&self, look: &mut Look) {
        look.served.clear();
        look.ports.clear();
        let Some(table) = self.current.as_ref().filter(|_| !look.wanted.is_empty()) else {
            return;
        };
        for listens in [true, false] {
            for (name, values, is_total) in table.rows() {
                if is_total {
                    continue;
                }
                let Some((state, port, pid)) = socket(name) else {
                    continue;
                };
                if !look.wanted.contains(&pid) || (state == b"LISTEN") != listens {
                    continue;
                }
                let value = |field: SocketField| {
                    let value = values[field.column()].ok();
                    value
                        .and_then(|value| u64::try_from(value).ok())
                        .unwrap_or(0)
                };
                let queue = value(SocketField::ReceiveQueue);
                let add = if listens {
                    look.ports.push((pid, port));
                    [queue, 0, 0]
                } else if look.ports.contains(&(pid, port)) {
                    [0, value(SocketField::Count), queue]
                } else {
                    continue;
                };
                match look.served.iter_mut().find(|(known, _)| *known == pid) {
                    Some((_, sums)) => {
                        for (sum, more) in sums.iter_mut().zip(add) {
                            *sum += more;
                        }
                    }
                    None => look.served.push((pid, add)),
                }
            }
        }
    }
}

/// State, local port and owner of a row of TCP: `tcp ESTAB 10.0.0.1:80 10.0.0.2:* 1234`.
fn socket(name: &[u8]) -> Option<(&[u8], u16, Pid)> {
    let mut words = name.split(|byte| *byte == b' ');
    if words.next()? != b"tcp" {
        return None;
    }
    let (state, local) = (words.next()?, words.next()?);
    let pid = words.nth(1)?;
    let port = local.rsplit(|byte| *byte == b':').next()?;
    let port = str::from_utf8(port).ok()?.parse().ok()?;
    let pid = str::from_utf8(pid).ok()?.parse().ok()?;
    Some((state, port, Pid(pid)))
}

#[cfg(test)]
mod tests {
    use super::super::table::Table;
    use super::*;
    use crate::source::ProcRoot;
    use afterimage_format::reading::Missing;

    #[test]
    fn only_what_waits_at_its_own_ports_counts() {
        let folder = tempfile::tempdir().unwrap();
        let mut sockets = Sockets::new(&ProcRoot::open(folder.path()).unwrap());
        let mut table = Table::default();
        for (name, count, queue) in [
            ("tcp ESTAB 10.0.0.1:8080 10.0.0.2:* 7", 40, 900),
            ("tcp LISTEN *:8080 *:* 7", 1, 3),
            ("tcp CLOSE-WAIT 10.0.0.1:8080 10.0.0.3:5 7", 1, 100),
            ("tcp ESTAB 10.0.0.1:40000 10.0.0.9:5432 7", 10, 50),
            ("tcp ESTAB 10.0.0.1:8080 10.0.0.2:7 8", 1, 1),
            ("tcp TIME-WAIT 10.0.0.1:8080 10.0.0.2:7 -", 1, 1),
        ] {
            let mut values = [Err(Missing::NotRead); SocketField::ReadAt as usize];
            values[SocketField::Count.column()] = Ok(count);
            values[SocketField::ReceiveQueue.column()] = Ok(queue);
            table.row(values, |row| row.extend_from_slice(name.as_bytes()));
        }
        sockets.current = Some(table);
        let mut look = Look::default();
        look.wanted.extend([Pid(7), Pid(9)]);
        sockets.served(&mut look);
        assert_eq!(look.served, [(Pid(7), [3, 41, 1000])]);
    }
}
