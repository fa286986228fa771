//! Records a host.

pub mod redact;
mod source;
