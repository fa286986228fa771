//! `/proc/PID/stat`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| afterimage_recorder::fuzzing::process_stat(data));
