//! What the recorder reads, one module for each kernel interface or system file.

pub(crate) mod accounts;
pub(crate) mod kernel_log;
