//! A file dropped on the real window, as a file manager does it: the XDND protocol, version 5,
//! spoken by the side that drags. Where there is no Xvfb it says so and passes.

use crate::real_window::{Display, PATIENCE, close_enough, display, painted, wait_for};
use crate::written::incident;
use std::path::Path;
use std::time::Duration;
use x11rb::connection::Connection as _;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    Atom, AtomEnum, ClientMessageEvent, ConnectionExt as _, CreateWindowAux, EventMask, PropMode,
    SELECTION_NOTIFY_EVENT, SelectionNotifyEvent, SelectionRequestEvent, Window, WindowClass,
};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;
use x11rb::{COPY_DEPTH_FROM_PARENT, COPY_FROM_PARENT, CURRENT_TIME, connect};

x11rb::atom_manager! {
    /// The names of the protocol.
    Names: NamesCookie {
        XdndAware, XdndEnter, XdndPosition, XdndStatus, XdndDrop, XdndFinished, XdndSelection,
        XdndActionCopy,
        TEXT_URI_LIST: b"text/uri-list",
    }
}

/// The side that drags: a window of its own that has what is dragged.
struct Source {
    connection: RustConnection,
    root: Window,
    own: Window,
    names: Names,
    uris: String,
}

impl Source {
    fn on(display: &Display, uris: String) -> Self {
        let (connection, screen) = connect(Some(&display.name)).expect("a display");
        let names = Names::new(&connection).expect("it is asked");
        let names = names.reply().expect("it answers");
        let root = connection.setup().roots[screen].root;
        let own = connection.generate_id().expect("there are many");
        let aux = CreateWindowAux::new();
        let (depth, class) = (COPY_DEPTH_FROM_PARENT, WindowClass::INPUT_OUTPUT);
        // One pixel, and never shown.
        let made = connection.create_window(
            depth,
            own,
            root,
            0,
            0,
            1,
            1,
            0,
            class,
            COPY_FROM_PARENT,
            &aux,
        );
        made.expect("it is asked");
        let taken = connection.set_selection_owner(own, names.XdndSelection, CURRENT_TIME);
        taken.expect("it is asked");
        connection.flush().expect("it is there");
        Self {
            connection,
            root,
            own,
            names,
            uris,
        }
    }

    /// A window that takes what is dropped, once there is one.
    fn target(&self) -> Option<Window> {
        let mut left = vec![self.root];
        while let Some(window) = left.pop() {
            let property = self.names.XdndAware;
            let aware = self
                .connection
                .get_property(false, window, property, AtomEnum::ATOM, 0, 1);
            if aware.ok()?.reply().is_ok_and(|aware| aware.value_len > 0) {
                return Some(window);
            }
            let tree = self.connection.query_tree(window).ok()?.reply();
            left.extend(tree.map(|tree| tree.children).unwrap_or_default());
        }
        None
    }

    fn say(&self, to: Window, what: Atom, data: [u32; 5]) {
        let message = ClientMessageEvent::new(32, to, what, data);
        let sent = self
            .connection
            .send_event(false, to, EventMask::NO_EVENT, message);
        sent.expect("it is sent");
        self.connection.flush().expect("it is there");
    }

    /// Hands over what is dragged whenever that is asked for, until this is told; what was told.
    fn until(&self, what: Atom) -> Option<[u32; 5]> {
        for _ in 0..PATIENCE {
            while let Some(event) = self.connection.poll_for_event().expect("it is there") {
                match event {
                    Event::SelectionRequest(asked) => self.hand_over(&asked),
                    Event::ClientMessage(message) if message.type_ == what => {
                        return Some(message.data.as_data32());
                    }
                    _ => {}
                }
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        None
    }

    fn hand_over(&self, asked: &SelectionRequestEvent) {
        let (to, at) = (asked.requestor, asked.property);
        let put = self.connection.change_property8(
            PropMode::REPLACE,
            to,
            at,
            self.names.TEXT_URI_LIST,
            self.uris.as_bytes(),
        );
        put.expect("it is sent");
        let told = SelectionNotifyEvent {
            response_type: SELECTION_NOTIFY_EVENT,
            sequence: 0,
            time: asked.time,
            requestor: to,
            selection: asked.selection,
            target: asked.target,
            property: at,
        };
        let sent = self
            .connection
            .send_event(false, to, EventMask::NO_EVENT, told);
        sent.expect("it is sent");
        self.connection.flush().expect("it is there");
    }

    /// Enters the window and rests over it; whether it would take what is dragged.
    fn hold_over(&self, target: Window) -> bool {
        let version = 5 << 24;
        let types = [self.names.TEXT_URI_LIST, 0, 0];
        let enter = [self.own, version, types[0], types[1], types[2]];
        self.say(target, self.names.XdndEnter, enter);
        let (x, y) = (400_u32, 300_u32);
        let action = self.names.XdndActionCopy;
        let position = [self.own, 0, x << 16 | y, CURRENT_TIME, action];
        self.say(target, self.names.XdndPosition, position);
        let status = self.until(self.names.XdndStatus);
        status.is_some_and(|status| status[1] & 1 == 1)
    }
}

/// An address as file managers write it.
fn uri(path: &Path) -> String {
    let path = path.to_str().expect("a plain name");
    format!("file://{}\r\n", path.replace(' ', "%20"))
}

#[test]
fn a_file_that_is_dropped_on_the_window_is_opened() {
    let display = match display() {
        Ok(display) => display,
        Err(missing) => return eprintln!("{missing} here: dropping a file is not tested"),
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let capture = folder.path().join("web 07.afterimage");
    incident(&capture);
    let [shot, file] = ["shot.png", "wanted.png"].map(|name| folder.path().join(name));
    assert!(display.run("xdotool", &["mousemove", "1279", "799"]));
    let mut viewer = display.viewer(&[], folder.path());
    let nothing = painted(&[], &file);
    let difference = wait_for(&display, &nothing, &shot);
    assert!(close_enough(difference), "empty at first: {difference}");

    let source = Source::on(&display, uri(&capture));
    let target = source.target().expect("the window takes drops");
    assert!(source.hold_over(target), "it would take a file");
    let shaded = (0..PATIENCE).any(|_| {
        std::thread::sleep(Duration::from_millis(100));
        let shown = display.picture(&shot);
        shown.is_some_and(|shown| !close_enough(shown.different_from(&nothing)))
    });
    assert!(shaded, "it says that files can be dropped");
    source.say(target, source.names.XdndDrop, [source.own, 0, 0, 0, 0]);
    let finished = source.until(source.names.XdndFinished);
    assert!(
        finished.is_some_and(|finished| finished[1] & 1 == 1),
        "taken"
    );

    let path = capture.to_str().expect("a plain name");
    let opened = painted(&[path], &file);
    let difference = wait_for(&display, &opened, &shot);
    assert!(close_enough(difference), "it is open: {difference}");
    let running = viewer.0.try_wait().expect("it can be asked").is_none();
    assert!(running, "it still runs");
}
