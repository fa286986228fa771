//! The viewer: shows a capture on a time axis.
