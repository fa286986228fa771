//! The parser, on bytes that a kernel (6.18, x86-64) gave, and on any others.

use super::*;
use proptest::prelude::*;

/// A connection on loopback that waits to be accepted, with its `tcp_info`.
const ESTABLISHED: &str = "9801000012000200000000001f130000020100009b53ab4c7f0000010000000000000000000000007f00000100000000\
    0000000000000000000000000e0000000000000000000000000000000000000000000000000000000500080000000000\
    08000f00000000000c001500010000000000000006001600520000001c010200010000000007aa01400d030000000000\
    0080000018020000000000000000000000000000000000000000000000000000000000000000000000000000ffff0000\
    cbff00001300000009000000ffffff7f0a000000cbff00000300000000000000cbff0000000000007324c2790b000000\
    ffffffffffffffff00000000000000000000000000000000000000000200000000000000130000000000000000000000\
    000000000000000000000000000000000000000000000000000000000000000001000000000000000000000000000000\
    000000000000000000000000000000000000000000000100cbff00000000000000000000000000000000000000000000\
    000000000000000000000000000000000000000000000000";
/// A socket that listens on `[::1]`, IPv6 only, up to its attribute that says so.
const LISTENING_V6: &str = "5800000012000200000000008e0e00000a0a0000ead50000000000000000000000000000000000010000\
    000000000000000000000000000000000000020000000000000000000000000000000500000000000000111b8c02";
const V6_ONLY: &str = "05000b0001000000";
const UNIX_STREAM: &str =
    "2800000014000200000000008e0e0000010101005f00000006000000000000000500060000000000";
const DONE: &str = "1400000003000200000000008e0e000000000000";
/// Of a family that there is not.
const REFUSED: &str = "3c0000000200000000000000ff6a0ed6eaffffff280000001400010300000000000000004d000000ffffffff\
    00000000000000000000000000000000";

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    let pairs = digits.chunks(2).map(|pair| str::from_utf8(pair).unwrap());
    pairs
        .map(|pair| u8::from_str_radix(pair, 16).unwrap())
        .collect()
}

fn messages(parts: &[&str]) -> Vec<Reading<Message>> {
    let all: Vec<u8> = parts.iter().flat_map(|part| bytes(part)).collect();
    Messages(&all).collect()
}

fn only(parts: &[&str]) -> InetSocket {
    match messages(parts)[..] {
        [Ok(Message::Inet(socket))] => socket,
        ref other => panic!("{other:?}"),
    }
}

#[test]
fn a_connection_has_its_ends_queues_and_what_was_sent_again() {
    let socket = only(&[ESTABLISHED]);
    let host: IpAddr = "127.0.0.1".parse().unwrap();
    assert_eq!(socket.local, (host, 39_763));
    assert_eq!(socket.peer, (host, 43_852));
    assert_eq!((socket.state, socket.cookie), (1, 14));
    assert_eq!(
        (socket.queues, socket.inode),
        ([0, 0], 0),
        "nobody has accepted it"
    );
    assert_eq!(socket.retransmits, Some(0));
    assert_eq!(socket.is_v6_only, None);
}

#[test]
fn segments_sent_again_are_read_from_their_place_in_tcp_info() {
    let mut all = bytes(ESTABLISHED);
    // Behind the header, the message, four attributes of 8, 8, 12 and 8 bytes, and a head of 4.
    let at = HEADER + INET + 36 + 4 + TOTAL_RETRANS;
    all[at..at + 4].copy_from_slice(&17_u32.to_ne_bytes());
    let found: Vec<_> = Messages(&all).collect();
    assert!(matches!(found[..], [Ok(Message::Inet(socket))] if socket.retransmits == Some(17)));
}

#[test]
fn a_listening_socket_has_its_backlog_and_the_most_that_may_wait() {
    // The length is that of the message and the one attribute that is left of it.
    let mut all = bytes(&[LISTENING_V6, V6_ONLY].concat());
    all[0] = u8::try_from(all.len()).unwrap();
    let found: Vec<_> = Messages(&all).collect();
    let [Ok(Message::Inet(socket))] = found[..] else {
        panic!("{found:?}");
    };
    assert_eq!(socket.local, ("::1".parse().unwrap(), 60_117));
    assert_eq!((socket.state, socket.queues), (10, [0, 5]));
    assert_eq!((socket.is_v6_only, socket.retransmits), (Some(true), None));
    assert_eq!(socket.inode, 0x028c_1b11);
}

#[test]
fn what_came_at_once_is_taken_apart_up_to_the_end_of_the_list() {
    let all = messages(&[UNIX_STREAM, ESTABLISHED, DONE]);
    let unix = Message::Unix(UnixSocket { kind: 1, state: 1 });
    assert_eq!(all[0], Ok(unix));
    assert!(matches!(all[1], Ok(Message::Inet(_))));
    assert_eq!(all[2..], [Ok(Message::Done(None))]);
}

#[test]
fn what_the_kernel_refuses_has_its_error_number() {
    assert_eq!(messages(&[REFUSED]), [Ok(Message::Done(Some(22)))]);
}

#[test]
fn a_message_that_is_cut_short_is_malformed_wherever_that_is() {
    let whole = bytes(ESTABLISHED);
    for length in 1..whole.len() {
        let found: Vec<_> = Messages(&whole[..length]).collect();
        assert_eq!(found, [Err(Missing::Malformed)], "{length} bytes");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic_or_go_on_for_ever(all in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(Messages(&all).count() <= all.len());
    }

    #[test]
    fn nor_does_a_message_with_bytes_that_are_wrong(
        place in 0_usize..400, byte in any::<u8>(), length in 0_usize..409,
    ) {
        let mut all = bytes(ESTABLISHED);
        if let Some(at) = all.get_mut(place) {
            *at = byte;
        }
        all.truncate(length);
        prop_assert!(Messages(&all).count() <= all.len());
    }
}
