//! What the recorder may not see, it says; where it cannot record to, it says too.

use crate::support::command::{AFTERIMAGE, finish, info, run};
use crate::support::files::FAILED;
use crate::support::host::{folder, is_root, names, skip};
use std::process::Command;

#[test]
fn processes_that_proc_hides_are_said_to_be_hidden() {
    if !is_root() {
        return skip("only root mounts a /proc that hides processes");
    }
    let folder = folder();
    let file = folder.path().join("a");
    // The shell stays, as process 1 and another user's.
    let script = "mount -t proc -o hidepid=2 proc /proc || exit 99
        setpriv --reuid 65534 --regid 65534 --clear-groups \"$@\"; exit $?";
    let mut command = Command::new("unshare");
    command.args([
        "-pfm", "sh", "-c", script, "sh", "setpriv", "--reuid", "65534",
    ]);
    command.args([AFTERIMAGE, "record", "-i", "100ms", "--duration", "500ms"]);
    command.arg("--socket").arg(folder.path().join("s"));
    std::os::unix::fs::chown(folder.path(), Some(65534), Some(65534)).unwrap();
    let ran = finish(command.arg("-o").arg(&file));
    if ran.code != 0 {
        return skip(&format!("no other user can record here: {}", ran.stderr));
    }
    assert!(ran.stderr.contains("hides the processes"), "{}", ran.stderr);
    let info = info(&file);
    let sources = info["sources"].as_array().unwrap();
    let hidden = sources.iter().find(|source| source["name"] == "PID/stat");
    assert_eq!(hidden.unwrap()["state"], "denied", "{info:#}");
}

#[test]
fn a_capture_is_not_recorded_to_standard_output() {
    let folder = folder();
    let mut command = Command::new(AFTERIMAGE);
    command.args(["record", "-o", "-", "--duration", "1s"]);
    let ran = finish(command.current_dir(folder.path()));
    assert_eq!(ran.code, FAILED);
    assert!(ran.stderr.contains("afterimage copy"), "{}", ran.stderr);
    assert!(names(folder.path()).is_empty());
    assert_eq!(
        run(&["record", "-o", "/proc/none", "--duration", "1s"]).code,
        FAILED
    );
}
