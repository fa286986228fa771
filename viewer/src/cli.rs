//! The command line of `afterimage-viewer`.

use crate::screenshot::Size;
use crate::state::ThemeChoice;
use crate::view::ViewOption;
use afterimage_analysis::when::When;
use clap::Parser;
use std::path::PathBuf;

/// Shows what a Linux host did, second by second, from a capture that `afterimage record` wrote.
#[derive(Debug, Clone, PartialEq, Parser)]
#[command(name = "afterimage-viewer", version, after_help = EXIT_CODES)]
pub struct Cli {
    /// Captures to open.
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,

    /// Where the cursor stands: 14:03 or "2026-11-22 14:03:07" on the recorded host's clock,
    /// 2026-11-22T14:03:07Z, -10m (before the end), +5m (after the start), start or end.
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub at: Option<When>,

    /// Write a picture to this PNG file and exit; needs neither a display nor a graphics card.
    #[arg(long, value_name = "OUT.png")]
    pub screenshot: Option<PathBuf>,

    /// How large the picture or the window is; 1600x1000, or as the window was last.
    #[arg(long, value_name = "WxH", value_parser = size)]
    pub size: Option<Size>,

    /// How many pixels a point of the picture has: 2 is what screens of high density show.
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0, value_parser = scale)]
    pub scale: f32,

    /// Which colours; a window follows the desktop and a picture is dark unless this is given.
    #[arg(long)]
    pub theme: Option<ThemeChoice>,

    /// Begin as on the first day: neither read what is remembered nor write it.
    #[arg(long)]
    pub no_settings: bool,

    /// How the processes are shown in the picture; may be given more than once: filter=TEXT,
    /// sort=COLUMN, as=tree, columns=pid,user,cpu,command, pin=TIME, select=PID, page=PID,
    /// threads=findings|grid|groups|locks|calls|text|compare (with pin=TIME), thread=NAME,
    /// tab=cpu|memory|disks|network|sockets|waits|pressure|log|load, by=command|process|user|wchan
    /// (the load), search=TEXT (in the kernel log), tracks=load,cpu,... (from the top),
    /// find=TEXT (among the commands), help=keys.
    #[arg(long, value_name = "KEY=VALUE", requires = "screenshot")]
    pub view: Vec<ViewOption>,
}

const EXIT_CODES: &str = "Exit codes: 0 ok, 1 failed, 2 wrong usage.";

/// How large a picture or a window is when nothing else is said.
pub const USUAL_SIZE: Size = Size {
    width: 1600,
    height: 1000,
};

/// `1600x1000`, with sides a screen could have.
fn size(text: &str) -> Result<Size, String> {
    let sides = text.split_once('x').and_then(|(width, height)| {
        let size = Size {
            width: width.parse().ok()?,
            height: height.parse().ok()?,
        };
        let usable = 320..=8192;
        (usable.contains(&size.width) && usable.contains(&size.height)).then_some(size)
    });
    sides.ok_or_else(|| "write it as 1600x1000, each side from 320 to 8192".to_owned())
}

/// From half to four pixels a point.
fn scale(text: &str) -> Result<f32, String> {
    let scale: Option<f32> = text.parse().ok();
    let usable = scale.filter(|scale| (0.5..=4.0).contains(scale));
    usable.ok_or_else(|| "write a number from 0.5 to 4".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_before_the_end_is_not_taken_for_an_option() {
        let cli =
            Cli::try_parse_from(["afterimage-viewer", "a.afterimage", "--at", "-10m"]).unwrap();
        assert_eq!(cli.at, Some("-10m".parse().unwrap()));
    }

    #[test]
    fn sizes_that_no_screen_has_are_refused() {
        assert_eq!(
            size("1280x800"),
            Ok(Size {
                width: 1280,
                height: 800
            })
        );
        for wrong in ["1280", "x", "0x0", "99999x10", "-1x5"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }
}
