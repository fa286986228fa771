//! Whole files: read, and salvaged.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| afterimage_format::capture::fuzzing::capture(data));
