//! A record of `/dev/kmsg`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| afterimage_recorder::fuzzing::kernel_log_record(data));
