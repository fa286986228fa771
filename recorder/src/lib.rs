//! Records a host.

mod source;
