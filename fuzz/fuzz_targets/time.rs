//! TIME on the command line, in the zone that a capture names.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| afterimage_analysis::fuzzing::time(data));
