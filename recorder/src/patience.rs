//! Questions to a file system that may never answer: a share whose server is gone, a disk that
//! hangs.

use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::Duration;

/// One that works takes far less.
const PATIENCE: Duration = Duration::from_secs(1);

/// The answer, unless it takes too long. Who asks is left behind then, until the kernel lets go.
pub(crate) fn answer_in_time<T: Send + 'static>(
    ask: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (tell, told) = sync_channel(1);
    let thread = thread::Builder::new().name("asker".to_owned());
    // Nobody takes what comes too late.
    thread.spawn(move || drop(tell.send(ask()))).ok()?;
    told.recv_timeout(PATIENCE).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_answer_is_not_waited_for() {
        assert_eq!(answer_in_time(|| 7), Some(7));
        let (_hung, never) = sync_channel::<()>(0);
        assert_eq!(answer_in_time(move || never.recv().is_ok()), None);
    }
}
