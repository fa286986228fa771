//! What is known of a virtual machine and of its host at a tick, as far as it decides on dumps.

/// What a tick says of a virtual machine. What is not known is absent.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Vitals {
    /// Cores that it keeps busy.
    pub(super) cores: f64,
    /// The thread that has kept a core for ten seconds: its name and how many percent.
    pub(super) hog: Option<(String, f64)>,
    pub(super) threads: Option<u64>,
    /// Connections to its ports that it has not accepted, those it has, bytes it has not read.
    pub(super) served: Option<[u64; 3]>,
    /// Contended locks and parked threads, a second.
    pub(super) contention: [Option<f64>; 2],
    /// Share of the time that it stood still.
    pub(super) still: Option<f64>,
    /// How many use more CPU.
    pub(super) rank: usize,
}

/// What it says of the host.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Host {
    pub(super) cpus: f64,
    /// CPU some, I/O some, memory full: percent of the last ten seconds.
    pub(super) pressure: [Option<f64>; 3],
}
