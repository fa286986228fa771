//! The command line of `ss`.

use super::RangeArgs;
use afterimage_analysis::replay::ss::{Filter, state_named};
use clap::Args;

/// TCP and UDP sockets: queues, owners, ages
///
/// Without --at, --from and --to: the end. Recv-Q, Send-Q: bytes received and not read, sent and
/// not acknowledged; of a listening socket the connections that wait to be accepted and the most
/// that may. Process: who has it; nobody has those that the kernel finishes alone. Age: for how long
/// it has been in its state; `>` where it was in it before the recorder looked. Sockets: how many
/// the row stands for: where there are over a thousand, those of a port and a peer share one (`*`
/// is any). Retrans: segments sent again.
///
/// The recorder sees the sockets of its own network namespace, not those of containers that have
/// one of their own.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub(crate) struct SsArgs {
    #[command(flatten)]
    pub(crate) range: RangeArgs,
    /// Only TCP
    #[arg(short, long)]
    pub(crate) tcp: bool,
    /// Only UDP
    #[arg(short, long)]
    pub(crate) udp: bool,
    /// Only sockets that listen (of UDP: that are not connected)
    #[arg(short, long, conflicts_with = "state")]
    pub(crate) listening: bool,
    /// Only these states, separated by commas: close-wait, time-wait, established, ...
    #[arg(long, value_name = "STATES", value_delimiter = ',', value_parser = state)]
    pub(crate) state: Vec<&'static str>,
    /// Only sockets with one of these ports at either end
    #[arg(long, value_name = "PORTS", value_delimiter = ',')]
    pub(crate) port: Vec<u16>,
    /// Only sockets of these processes
    #[arg(long, value_name = "PIDS", value_delimiter = ',')]
    pub(crate) pid: Vec<i32>,
    /// How many there are of each kind
    #[arg(short, long, conflicts_with = "ports")]
    pub(crate) summary: bool,
    /// How many local ports each destination takes of `net.ipv4.ip_local_port_range`
    #[arg(long)]
    pub(crate) ports: bool,
}

impl SsArgs {
    pub(crate) fn filter(&self) -> Filter {
        let mut protocols = Vec::new();
        protocols.extend(self.tcp.then_some("tcp"));
        protocols.extend(self.udp.then_some("udp"));
        let states = if self.listening {
            vec!["LISTEN", "UNCONN"]
        } else {
            self.state.clone()
        };
        Filter {
            protocols,
            states,
            ports: self.port.clone(),
            pids: self.pid.clone(),
        }
    }
}

fn state(name: &str) -> Result<&'static str, String> {
    let unknown =
        || format!("there is no state {name:?}; ss calls them close-wait, time-wait, ...");
    state_named(name).ok_or_else(unknown)
}
