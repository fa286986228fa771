//! What the recorder may not see, it says; where it cannot record to, it says too.

use crate::support::command::{AFTERIMAGE, finish, info, run};
use crate::support::files::FAILED;
use crate::support::host::{folder, has, is_root, names, skip};
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use tempfile::TempDir;

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

/// Builds what starts a program without netlink; `None`, and said why, where it cannot.
fn without_netlink(own: &TempDir) -> Option<PathBuf> {
    if !has("cc") {
        skip("there is no C compiler");
        return None;
    }
    let (source, built) = (own.path().join("a.c"), own.path().join("no-netlink"));
    fs::write(&source, include_str!("not_visible/no_netlink.c")).unwrap();
    let mut compiler = Command::new("cc");
    compiler.args(["-O1", "-Wall", "-Werror", "-o"]);
    let made = finish(compiler.arg(&built).arg(source));
    assert_eq!(made.code, 0, "{}", made.stderr);
    let tried = finish(Command::new(&built).arg("/bin/true"));
    if tried.code != 0 {
        skip(&format!(
            "no system call can be forbidden here: {}",
            tried.stderr
        ));
        return None;
    }
    Some(built)
}

#[test]
fn sockets_that_a_sandbox_forbids_to_list_are_missing_and_not_none() {
    let folder = folder();
    let Some(without_netlink) = without_netlink(&folder) else {
        return;
    };
    let file = folder.path().join("a");
    let mut command = Command::new(&without_netlink);
    command.args([AFTERIMAGE, "record", "-i", "100ms", "--duration", "500ms"]);
    command.arg("--socket").arg(folder.path().join("s"));
    let ran = finish(command.arg("-o").arg(&file));
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let forbidden = "sockets of AF_NETLINK are forbidden";
    assert!(ran.stderr.contains(forbidden), "{}", ran.stderr);
    let info = info(&file);
    let sources = info["sources"].as_array().unwrap();
    for name in ["sock_diag", "connector", "taskstats"] {
        let source = sources.iter().find(|source| source["name"] == name);
        let source = source.unwrap();
        assert_eq!(source["state"], "denied", "{source:#}");
        let detail = source["detail"].as_str().unwrap();
        assert!(detail.contains(forbidden), "{detail}");
    }
    let file = file.to_str().unwrap();
    let listed = run(&["ss", file, "--format", "json"]).json();
    let [only] = &listed.as_array().unwrap()[..] else {
        panic!("one row that says why: {listed:#}");
    };
    assert!(
        only["state"].is_null() && !only["missing"].is_null(),
        "{only:#}"
    );
    let doctor = finish(Command::new(&without_netlink).args([AFTERIMAGE, "doctor", "--json"]));
    let findings = doctor.json();
    let finding = findings.as_array().unwrap().iter();
    let finding = finding.clone().find(|finding| finding["name"] == "sockets");
    let finding = finding.unwrap();
    assert_eq!(finding["ok"], false, "{finding:#}");
    assert!(
        finding["grant"]
            .as_str()
            .unwrap()
            .contains("RestrictAddressFamilies")
    );
}
