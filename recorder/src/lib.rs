//! Records a host.
