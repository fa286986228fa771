//! The binary itself in a real window, driven by real keys and a real mouse, under Xvfb.
//!
//! What the window then shows is compared with the picture that the same binary makes without a
//! display: two renderers, one program. Where there is no Xvfb or xdotool it says so and passes.

use crate::written::incident;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

pub(crate) const VIEWER: &str = env!("CARGO_BIN_EXE_afterimage-viewer");
const SIZE: (u32, u32) = (1280, 800);
/// How much one channel of a pixel may differ: the two renderers round differently.
const CHANNEL: u8 = 40;
/// The share of pixels that may differ by more.
const DIFFERENT: f64 = 0.004;
/// A debug build under a software renderer takes its time.
pub(crate) const PATIENCE: u32 = 160;

/// A process that ends with the test.
pub(crate) struct Running(pub(crate) Child);

impl Running {
    /// The viewer with these arguments, and with a home of its own.
    pub(crate) fn viewer(mut command: Command, arguments: &[&str], home: &Path) -> Self {
        command
            .args(arguments)
            .args(["--theme", "dark", "--size", "1280x800"])
            .env("LIBGL_ALWAYS_SOFTWARE", "1")
            .env("HOME", home)
            .env("XDG_CONFIG_HOME", home)
            .env("XDG_DATA_HOME", home)
            .env("XDG_RUNTIME_DIR", home)
            .stderr(Stdio::null());
        Self(command.spawn().expect("it was built"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _gone = self.0.kill().is_err();
        let _reaped = self.0.wait().is_err();
    }
}

/// A display without a screen.
pub(crate) struct Display {
    pub(crate) name: String,
    _server: Running,
}

impl Display {
    fn start() -> Option<Self> {
        let mut server = Command::new("Xvfb");
        let screen = format!("{}x{}x24", SIZE.0, SIZE.1);
        let options = [
            "-displayfd",
            "1",
            "-nolisten",
            "tcp",
            "-screen",
            "0",
            &screen,
        ];
        let child = server
            .args(options)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let mut child = Running(child.ok()?);
        let mut number = String::new();
        let stdout = child.0.stdout.take()?;
        BufReader::new(stdout).read_line(&mut number).ok()?;
        let number: u32 = number.trim().parse().ok()?;
        Some(Self {
            name: format!(":{number}"),
            _server: child,
        })
    }

    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env("DISPLAY", &self.name)
            .env_remove("WAYLAND_DISPLAY");
        command
    }

    /// Runs a tool of this display; whether it could be run and was content.
    pub(crate) fn run(&self, program: &str, arguments: &[&str]) -> bool {
        let mut command = self.command(program);
        let done = command
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        done.is_ok_and(|status| status.success())
    }

    /// The viewer with these arguments.
    pub(crate) fn viewer(&self, arguments: &[&str], home: &Path) -> Running {
        Running::viewer(self.command(VIEWER), arguments, home)
    }
    /// What the display shows.
    pub(crate) fn picture(&self, file: &Path) -> Option<Picture> {
        let name = file.to_str().expect("a plain name");
        self.run("import", &["-window", "root", name])
            .then(|| read(file))
    }
}

#[derive(PartialEq)]
pub(crate) struct Picture {
    size: (u32, u32),
    rgb: Vec<u8>,
}

fn read(file: &Path) -> Picture {
    let file = std::fs::File::open(file).expect("it was just written");
    let mut decoder = png::Decoder::new(BufReader::new(file));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().expect("a PNG");
    let mut bytes = vec![0; reader.output_buffer_size().expect("a picture")];
    let info = reader.next_frame(&mut bytes).expect("a PNG");
    let channels = info.color_type.samples();
    let pixels = bytes[..info.buffer_size()].chunks_exact(channels);
    let rgb = pixels.flat_map(|pixel| match pixel {
        [grey] | [grey, _] => [*grey; 3],
        [red, green, blue, ..] => [*red, *green, *blue],
        [] => [0; 3],
    });
    Picture {
        size: (info.width, info.height),
        rgb: rgb.collect(),
    }
}

impl Picture {
    /// The share of pixels that are different from those of another one.
    pub(crate) fn different_from(&self, other: &Self) -> f64 {
        if self.size != other.size {
            return 1.0;
        }
        let pixels = self.rgb.chunks_exact(3).zip(other.rgb.chunks_exact(3));
        let differs = |one: &[u8], other: &[u8]| {
            one.iter()
                .zip(other)
                .any(|(one, other)| one.abs_diff(*other) > CHANNEL)
        };
        let count = pixels.filter(|(one, other)| differs(one, other)).count();
        f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / f64::from(self.size.0 * self.size.1)
    }
}

/// What the binary paints of these arguments without a display.
pub(crate) fn painted(arguments: &[&str], file: &Path) -> Picture {
    let mut command = Command::new(VIEWER);
    command
        .args(arguments)
        .args(["--theme", "dark", "--size", "1280x800", "--screenshot"])
        .arg(file);
    let done = command.status().expect("it was built");
    assert!(done.success(), "{arguments:?}");
    read(file)
}

/// Whether two pictures with so many different pixels are of the same.
pub(crate) fn close_enough(difference: f64) -> bool {
    difference <= DIFFERENT
}

/// Waits until the window shows that picture; the least difference that was seen.
pub(crate) fn wait_for(display: &Display, wanted: &Picture, file: &Path) -> f64 {
    let mut least = 1.0_f64;
    for _ in 0..PATIENCE {
        if let Some(shown) = display.picture(file) {
            least = least.min(shown.different_from(wanted));
        }
        if least <= DIFFERENT {
            break;
        }
        std::thread::sleep(Duration::from_millis(250));
    }
    least
}

/// A display with everything that drives it, or why there is none.
pub(crate) fn display() -> Result<Display, &'static str> {
    let answers = |tool: &&str| {
        let mut command = Command::new(tool);
        let command = command.arg("--version").stdout(Stdio::null());
        command.stderr(Stdio::null()).status().is_ok()
    };
    if !["xdotool", "import"].iter().all(answers) {
        return Err("no xdotool or no import (of imagemagick)");
    }
    Display::start().ok_or("no Xvfb")
}

/// A window on a capture, and where pictures of it are put.
struct Scene {
    display: Display,
    capture: PathBuf,
    shot: PathBuf,
    wanted: PathBuf,
}

impl Scene {
    fn xdotool(&self, arguments: &[&str]) {
        assert!(self.display.run("xdotool", arguments), "{arguments:?}");
    }

    /// Waits until the window shows what the binary paints of this view; that picture.
    fn shows(&self, what: &str, view: &[&str]) -> Picture {
        let capture = self.capture.to_str().expect("a plain name");
        let wanted = painted(&[&[capture], view].concat(), &self.wanted);
        let difference = wait_for(&self.display, &wanted, &self.shot);
        assert!(
            difference <= DIFFERENT,
            "{what}, {difference} of the pixels are different"
        );
        wanted
    }

    /// Waits until the window shows something else; whether it did.
    fn leaves(&self, before: &Picture) -> bool {
        (0..PATIENCE).any(|_| {
            std::thread::sleep(Duration::from_millis(250));
            let shown = self.display.picture(&self.shot);
            shown.is_some_and(|shown| shown.different_from(before) > DIFFERENT)
        })
    }
}

#[test]
fn a_real_window_driven_by_keys_and_mouse_shows_what_the_picture_without_one_does() {
    let display = match display() {
        Ok(display) => display,
        Err(missing) => {
            eprintln!("{missing} here: the real window is not tested");
            return;
        }
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let [capture, shot, wanted] =
        ["web-07.afterimage", "shot.png", "wanted.png"].map(|name| folder.path().join(name));
    incident(&capture);
    let scene = Scene {
        display,
        capture,
        shot,
        wanted,
    };
    // Where the mouse rests nothing is under it.
    scene.xdotool(&["mousemove", "1279", "799"]);
    let path = scene.capture.to_str().expect("a plain name");
    let mut viewer = scene.display.viewer(&[path, "--at", "+80s"], folder.path());
    let first = scene.shows("as it opens", &["--at", "+80s"]);
    let running = viewer.0.try_wait().expect("it can be asked").is_none();
    assert!(running, "it still runs");

    // There is no window manager that would give it the keyboard.
    let name = ["search", "--onlyvisible", "--name", "afterimage"];
    scene.xdotool(&[&name[..], &["windowfocus", "--sync"]].concat());
    scene.xdotool(&["key", "shift+Left"]);
    scene.xdotool(&["key", "t"]);
    let view = ["--at", "+70s", "--view", "as=tree"];
    let stepped = scene.shows("after ten steps back and the tree", &view);
    assert!(stepped.different_from(&first) > DIFFERENT);

    scene.xdotool(&["key", "Home"]);
    scene.xdotool(&["key", "slash"]);
    scene.xdotool(&["type", "--delay", "40", "burner"]);
    // It leaves the field; Escape would take the filter away.
    scene.xdotool(&["key", "Return"]);
    let view = [
        "--at",
        "start",
        "--view",
        "as=tree",
        "--view",
        "filter=burner",
    ];
    let filtered = scene.shows("after typing into the filter", &view);

    scene.xdotool(&["mousemove", "700", "250", "click", "1"]);
    scene.xdotool(&["mousemove", "1279", "799"]);
    assert!(
        scene.leaves(&filtered),
        "a click on the curves moves the cursor"
    );
}
