//! Thread dumps of any kind, alone or in a log.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| afterimage_analysis::fuzzing::thread_dump(data));
