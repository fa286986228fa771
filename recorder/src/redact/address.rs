//! The password of `scheme://user:password@host`.

use super::line::{Line, Secrets};
use std::ops::Range;

/// A user name without a password that is this long is taken for a token.
const SHORTEST_TOKEN: usize = 20;

/// Finds the passwords of the addresses whose `://` is at the places `hits`, which are in order.
pub(super) fn find(line: &Line, hits: &[usize], secrets: &mut Secrets) {
    for (number, hit) in hits.iter().enumerate() {
        let next = hits.get(number + 1).copied().unwrap_or(line.text().len());
        let start = hit + "://".len();
        let behind = &line.text()[start..next.max(start)];
        let address = behind.split([' ', '\n']).next().unwrap_or_default();
        if let Some(secret) = password(address) {
            secrets.add(line, start + secret.start..start + secret.end);
        }
    }
}

/// Where the password is in what stands behind `://`.
fn password(address: &str) -> Option<Range<usize>> {
    let authority = address
        .find(['/', '?', '#', '"', '\'', ','])
        .unwrap_or(address.len());
    if let Some(at) = address[..authority].rfind('@') {
        let user = address[..at].find(':').map_or(at, |colon| colon);
        // No colon: the user name itself may be the secret.
        let secret = if user < at { user + 1..at } else { 0..at };
        return (user < at || at >= SHORTEST_TOKEN).then_some(secret);
    }
    // A password with a `/` that nobody escaped: `user:pa/ss@host`. A port is no password.
    let colon = address[..authority]
        .find(':')
        .filter(|_| !address.starts_with('['))?;
    let is_port = address[colon + 1..authority]
        .bytes()
        .all(|byte| byte.is_ascii_digit());
    let at = address.rfind('@').filter(|at| *at > colon && !is_port)?;
    Some(colon + 1..at)
}
