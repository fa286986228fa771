//! The binary in a Wayland session: weston with its kiosk shell, itself in a window under Xvfb, so
//! that it can be driven and its picture taken. Where there is no weston it says so and passes.

use crate::real_window::{
    Display, PATIENCE, Running, VIEWER, close_enough, display, painted, wait_for,
};
use crate::written::incident;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

const SOCKET: &str = "wayland-of-a-test";

/// A compositor on a display, with one window that fills it; `None` when there is no weston here.
fn compositor(display: &Display, home: &Path) -> Option<Running> {
    let mut weston = display.command("weston");
    weston
        .args(["--backend=x11-backend.so", "--shell=kiosk-shell.so"])
        .args(["--width=1280", "--height=800", "--idle-time=0"])
        .arg(format!("--socket={SOCKET}"))
        .env("LIBGL_ALWAYS_SOFTWARE", "1")
        .env("HOME", home)
        .env("XDG_RUNTIME_DIR", home)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let running = Running(weston.spawn().ok()?);
    let socket = home.join(SOCKET);
    let came = (0..PATIENCE).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        socket.exists()
    });
    came.then_some(running)
}

#[test]
fn a_window_of_wayland_is_driven_by_the_keys_and_shows_what_a_picture_does() {
    let display = match display() {
        Ok(display) => display,
        Err(missing) => return eprintln!("{missing} here: Wayland is not tested"),
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let home = folder.path();
    let private = std::fs::Permissions::from_mode(0o700);
    std::fs::set_permissions(home, private).expect("it is ours");
    let Some(_compositor) = compositor(&display, home) else {
        return eprintln!("no weston with a kiosk shell here: Wayland is not tested");
    };
    let [capture, shot, file] =
        ["web-07.afterimage", "shot.png", "wanted.png"].map(|name| home.join(name));
    incident(&capture);
    let path = capture.to_str().expect("a plain name");
    assert!(display.run("xdotool", &["mousemove", "1279", "799"]));

    let mut command = display.command(VIEWER);
    command.env_remove("DISPLAY").env("WAYLAND_DISPLAY", SOCKET);
    let mut viewer = Running::viewer(command, &[path, "--at", "+80s"], home);
    let opened = painted(&[path, "--at", "+80s"], &file);
    let difference = wait_for(&display, &opened, &shot);
    assert!(close_enough(difference), "as it opens: {difference}");

    // Without a window manager the keyboard is where the pointer is.
    assert!(display.run("xdotool", &["key", "shift+Left"]));
    assert!(display.run("xdotool", &["key", "t"]));
    let stepped = painted(&[path, "--at", "+70s", "--view", "as=tree"], &file);
    let difference = wait_for(&display, &stepped, &shot);
    assert!(
        close_enough(difference),
        "ten steps back, as a tree: {difference}"
    );
    assert!(!close_enough(stepped.different_from(&opened)), "it moved");
    let running = viewer.0.try_wait().expect("it can be asked").is_none();
    assert!(running, "it still runs");
}
