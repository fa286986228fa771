//! What the kernel says of one thread, taken apart.

use super::*;

#[test]
fn a_call_has_a_number_and_a_thread_outside_of_one_has_none() {
    assert_eq!(
        call_from_text(b"232 0x4 0x7f 0x10 0xffff 0x0 0x0 0x7ffe 0x7fab\n"),
        Ok((232, &b"0x4 0x7f 0x10 0xffff 0x0 0x0 0x7ffe 0x7fab"[..]))
    );
    assert_eq!(call_from_text(b"running\n"), Err(Missing::NotRead));
    assert_eq!(call_from_text(b"-1 0x7ffe 0x7fab\n"), Err(Missing::NotRead));
    assert_eq!(call_from_text(b""), Err(Missing::Malformed));
}

#[test]
fn of_a_stack_the_names_are_kept() {
    let text = b"[<0>] do_wait+0x65/0x100\n[<0>] kernel_wait4+0xaf/0x150\n";
    let names = |text: &[u8]| {
        let mut names = b"before".to_vec();
        functions_from_text(text, &mut names);
        names
    };
    assert_eq!(names(text), b"do_wait\nkernel_wait4");
    assert_eq!(names(b""), b"");
}
