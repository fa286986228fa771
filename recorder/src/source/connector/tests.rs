//! Messages as Linux 6.18 sent them: a shell is forked, calls `exec`, and ends.

use super::*;
use proptest::prelude::*;

const ANSWER: &str = "4c0000000300000000000000000000000100000001000000000000000100000028000000\
    00000000010000001aabb783572c0000000000000000000000000000000000000000000000000000";
const FORK: &str = "4c0000000300000002000000000000000100000001000000020000000000000028000000\
    01000000010000000646b983572c000052560000525600007f5600007f5600000000000000000000";
const EXEC: &str = "4c0000000300000000000000000000000100000001000000000000000000000028000000\
    0200000000000000cff2c983572c00007f5600007f56000000000000000000000000000000000000";
const EXIT: &str = "4c0000000300000002000000000000000100000001000000020000000000000028000000\
    00000080000000002ea93b84572c00007f5600007f56000000000000110000005256000052560000";

fn bytes(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text
        .chars()
        .filter_map(|digit| digit.to_digit(16))
        .collect();
    let pairs = digits.chunks(2).map(|pair| pair[0] * 16 + pair[1]);
    pairs.map(|byte| u8::try_from(byte).unwrap()).collect()
}

fn told(text: &str) -> ((u32, u32), Event) {
    let bytes = bytes(text);
    let (_, payload) = Messages(&bytes).next().unwrap();
    parse(payload).unwrap()
}

#[test]
fn a_life_is_told_from_fork_to_exit() {
    let ((cpu, number), fork) = told(FORK);
    let what = What::Fork {
        parent_tgid: 22098,
        pid: 22143,
        tgid: 22143,
    };
    assert_eq!((cpu, number, fork.what), (1, 2, what));
    assert_eq!(fork.at_nanos, 48_754_383_734_278);
    assert_eq!(told(EXEC).1.what, What::Exec { tgid: 22143 });
    let what = What::Exit {
        pid: 22143,
        tgid: 22143,
        status: 0,
        parent_tgid: Some(22098),
    };
    assert_eq!(told(EXIT).1.what, what);
}

#[test]
fn the_answer_to_a_request_says_whether_it_was_granted() {
    let bytes = bytes(ANSWER);
    let (_, payload) = Messages(&bytes).next().unwrap();
    assert_eq!(answer(payload), Some(0));
    let mut denied = payload.to_owned();
    denied[36] = 1;
    assert_eq!(answer(&denied), Some(1));
}

#[test]
fn the_numbers_of_a_cpu_say_how_many_events_were_lost() {
    let netlink = Netlink::open(rustix::net::netlink::USERSOCK, 0).unwrap();
    let mut connector = Connector {
        netlink,
        next: BTreeMap::new(),
        lost: 0,
    };
    for place in [(0, 7), (1, 100), (0, 8), (1, 104), (0, u32::MAX), (0, 0)] {
        connector.count(place);
    }
    // CPU 1 from 100 to 104: three. The jump of CPU 0 is one back, from 9 to u32::MAX.
    assert_eq!(connector.lost(), 3);
    assert_eq!(connector.lost(), 0);
}

#[test]
fn an_event_of_an_old_kernel_has_no_parent() {
    let mut bytes = bytes(EXIT);
    bytes[0] = 68;
    bytes.truncate(68);
    bytes[32] = 32;
    let (_, payload) = Messages(&bytes).next().unwrap();
    let (_, event) = parse(payload).unwrap();
    let what = What::Exit {
        pid: 22143,
        tgid: 22143,
        status: 0,
        parent_tgid: None,
    };
    assert_eq!(event.what, what);
}

proptest! {
    #[test]
    fn nothing_received_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        let _event = parse(&bytes);
        let _answer = answer(&bytes);
        let headed: Vec<u8> = [&[1, 0, 0, 0, 1, 0, 0, 0][..], &bytes].concat();
        let _event = parse(&headed);
    }
}
