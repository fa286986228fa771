//! Frames, and their payloads behind a sound frame.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| afterimage_format::capture::fuzzing::frame(data));
