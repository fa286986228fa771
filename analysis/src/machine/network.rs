//! Network interfaces as `sar -n DEV` and `sar -n EDEV` have them, out of `/proc/net/dev`.

use super::{Before, Column, Measure, Row, Sheet, Value, count, rise};
use afterimage_format::reading::Reading;
use afterimage_format::sample::{Machine, Network};

/// The columns: rates, and then what was counted since the interface came up.
pub const COLUMNS: [Column; 12] = [
    Column::new("rx_packets_per_second", "rxpck/s", Measure::PerSecond),
    Column::new("rx_kib_per_second", "rxkB/s", Measure::KibPerSecond),
    Column::new("rx_errors_per_second", "rxerr/s", Measure::PerSecond),
    Column::new("rx_drops_per_second", "rxdrop/s", Measure::PerSecond),
    Column::new("tx_packets_per_second", "txpck/s", Measure::PerSecond),
    Column::new("tx_kib_per_second", "txkB/s", Measure::KibPerSecond),
    Column::new("tx_errors_per_second", "txerr/s", Measure::PerSecond),
    Column::new("tx_drops_per_second", "txdrop/s", Measure::PerSecond),
    Column::new("rx_bytes", "received", Measure::Bytes),
    Column::new("tx_bytes", "sent", Measure::Bytes),
    Column::new("errors", "errors", Measure::Count),
    Column::new("drops", "drops", Measure::Count),
];

/// Every interface, in the kernel's order.
pub fn sheet(now: &Machine, before: Before<'_>) -> Sheet {
    let rows = now.networks.iter().enumerate();
    let rows = rows.map(|(place, (name, network))| {
        let earlier = before.row(|machine| &machine.networks, name, place);
        let counted = |pick: fn(&Network) -> Reading<u64>| {
            before.per_second(rise(earlier.map(|then| pick(&then)), pick(network)))
        };
        let kib = |pick| counted(pick).map(|bytes| bytes / 1024.0);
        let values = vec![
            counted(|network| network.received_packets),
            kib(|network| network.received.map(|bytes| bytes.0)),
            counted(|network| network.receive_errors[0]),
            counted(|network| network.receive_errors[1]),
            counted(|network| network.sent_packets),
            kib(|network| network.sent.map(|bytes| bytes.0)),
            counted(|network| network.send_errors[0]),
            counted(|network| network.send_errors[1]),
            count(network.received.map(|bytes| bytes.0)),
            count(network.sent.map(|bytes| bytes.0)),
            both(network.receive_errors[0], network.send_errors[0]),
            both(network.receive_errors[1], network.send_errors[1]),
        ];
        Row {
            name: name.clone(),
            values,
        }
    });
    Sheet {
        columns: &COLUMNS,
        rows: rows.collect(),
    }
}

fn both(one: Reading<u64>, other: Reading<u64>) -> Value {
    Ok(count(one)? + count(other)?)
}
