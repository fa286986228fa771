//! Whole-program tests of the built binaries.
