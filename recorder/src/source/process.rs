//! `/proc/PID/*`: one module a file, byte parsers for the hot path.

pub(crate) mod io;
pub(crate) mod schedstat;
pub(crate) mod stat;
pub(crate) mod status;
