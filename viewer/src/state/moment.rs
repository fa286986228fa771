//! From a moment as people name it to an instant of the capture that is shown.

use crate::state::Document;
use afterimage_analysis::when::{self, When};
use afterimage_format::time::WallTime;
use std::time::Duration;

/// How far outside of a capture a moment may lie and still mean its end: who reads 14:03 off a
/// clock means that minute.
const NEARLY: Duration = Duration::from_mins(1);
/// The last instant of a second that begins.
const REST_OF_SECOND: Duration = Duration::from_micros(999_999);

/// The instant that is meant, or why there is none.
pub(super) fn instant(document: &Document, when: &When) -> Result<WallTime, String> {
    let (capture, zone) = (document.time.capture, &document.zone);
    let span = when::Span {
        start: capture.from,
        end: capture.to,
    };
    let at = when
        .resolve(&span, zone)
        .map_err(|error| error.to_string())?;
    if at < capture.from.minus(NEARLY) || capture.to.plus(NEARLY) < at {
        let [at, from, to] = [at, capture.from, capture.to].map(|at| zone.date_and_time(at));
        return Err(format!(
            "{at} is outside the capture, which goes from {from} to {to}"
        ));
    }
    // Ticks lie within a second: 14:03:07 means the one that is shown as 14:03:07.
    let at = if when.names_a_second() {
        at.plus(REST_OF_SECOND)
    } else {
        at
    };
    Ok(capture.nearest(at))
}
