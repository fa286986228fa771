//! The `afterimage` command: gives its arguments to the library and its outcome to the shell.

use std::process::ExitCode;

fn main() -> ExitCode {
    afterimage_recorder::run(std::env::args_os())
}
