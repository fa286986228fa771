//! What a line of a stack means: whose code it is, and whether it waits.
//!
//! The names that are known are in `data/stacks.toml`, so that whoever improves them need not read
//! code.

use super::model::{State, Thread};
use std::collections::BTreeSet;
use std::sync::LazyLock;
use toml::Table;

/// The name of a frame: what stands before its place. `java.base/` before it, and the versions within
/// the brackets of HotSpot, do not belong to it.
pub fn method(frame: &str) -> &str {
    let end = place_of(frame).unwrap_or(frame.len());
    let (name, place) = (frame[..end].trim_end(), &frame[end..]);
    // `java.base/java.lang.Thread.run`: a module, which has no brackets; not a path of Go.
    let module = name.split_once('/').filter(|(module, rest)| {
        let is_module =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'@' | b'_' | b'-');
        module.contains('.')
            && module.bytes().all(is_module)
            && !rest.contains('/')
            && !is_go(place)
    });
    module.map_or(name, |(_, rest)| rest)
}

/// Whether a place is in a file of Go, or of its assembler.
fn is_go(place: &str) -> bool {
    place.contains(".go:") || place.contains(".s:")
}

/// Where the last brackets of a frame begin.
fn place_of(frame: &str) -> Option<usize> {
    frame.ends_with(')').then(|| frame.rfind('('))?
}

fn is_java(frame: &str) -> bool {
    let places = [
        ".java:",
        "(Native Method)",
        "(Unknown Source)",
        "/Native Method)",
        "/Unknown Source)",
        ".kt:",
        ".scala:",
        ".groovy:",
    ];
    places.iter().any(|place| frame.contains(place))
}

/// The class or receiver of a frame: its name without the last part.
pub fn class(frame: &str) -> &str {
    let method = method(frame);
    method.rsplit_once('.').map_or(method, |(class, _)| class)
}

/// The same frame for people: without module and version.
pub fn short(frame: &str) -> String {
    let Some(place) = place_of(frame) else {
        return frame.to_owned();
    };
    let inside = &frame[place + 1..frame.len() - 1];
    let file = if is_java(frame) {
        inside.rsplit_once('/').map_or(inside, |(_, file)| file)
    } else {
        inside
    };
    format!("{}({file})", method(frame).trim_end())
}

/// The names in the data file.
#[derive(Debug, Default)]
struct Book {
    /// Code of runtimes, beginnings of names, by language.
    java: Vec<String>,
    go: Vec<String>,
    python: Vec<String>,
    /// Code of frameworks, beginnings of names.
    framework: Vec<String>,
    /// Code of applications that is called as if it were a framework's.
    page: Vec<String>,
    /// Methods in which a worker waits for work.
    idle: BTreeSet<String>,
    /// Methods that wait for one of a few things to be given back.
    pool: BTreeSet<String>,
    /// Methods, as they are often called, that do so.
    pool_words: Vec<String>,
    /// Methods within which a thread waits for a socket, though the JVM calls it RUNNABLE.
    socket: BTreeSet<String>,
    /// Methods in which a thread waits for what another thread will have done.
    result: BTreeSet<String>,
}

static BOOK: LazyLock<Book> = LazyLock::new(|| {
    read(include_str!("../../data/stacks.toml")).expect("a test reads the file that is built in")
});

fn read(text: &str) -> Option<Book> {
    let table: Table = text.parse().ok()?;
    let of = |part: &str, key: &str| -> Option<Vec<String>> {
        let names = table.get(part)?.get(key)?.as_array()?.iter();
        names.map(|name| Some(name.as_str()?.to_owned())).collect()
    };
    let list = |key| of("names", key);
    Some(Book {
        java: of("runtime", "java")?,
        go: of("runtime", "go")?,
        python: of("runtime", "python")?,
        framework: list("framework")?,
        page: list("page")?,
        idle: list("idle")?.into_iter().collect(),
        pool: list("pool")?.into_iter().collect(),
        pool_words: list("pool_words")?,
        socket: list("socket")?.into_iter().collect(),
        result: list("result")?.into_iter().collect(),
    })
}

/// So many frames of a stack are looked at for what a thread waits for.
const DEEPEST: usize = 40;

fn any<'t>(thread: &'t Thread, names: &BTreeSet<String>) -> Option<&'t str> {
    let frames = thread.stack.frames().take(DEEPEST);
    let mut found = frames.filter(|frame| names.contains(method(frame)));
    found.next()
}

/// Whether a frame is code of a runtime; its file says in which language it is.
pub fn is_runtime(frame: &str) -> bool {
    let is_of =
        |starts: &[String], name: &str| starts.iter().any(|start| name.starts_with(start.as_str()));
    let place = frame.rfind('(').map_or("", |at| &frame[at..]);
    if is_go(place) {
        is_of(&BOOK.go, frame)
    } else if place.contains(".py:") || place.contains(".pyx:") {
        is_of(&BOOK.python, frame)
    } else {
        is_of(&BOOK.java, method(frame))
    }
}

/// Whether a frame is code of the application: neither of a runtime nor of a known framework.
pub fn is_application(frame: &str) -> bool {
    let name = method(frame);
    let is_of = |starts: &[String]| starts.iter().any(|start| name.starts_with(start.as_str()));
    !is_runtime(frame) && (is_of(&BOOK.page) || !is_of(&BOOK.framework))
}

/// The innermost frame that is the application's; else the innermost that is no runtime's; else the
/// innermost.
pub fn telling(thread: &Thread) -> Option<&str> {
    let frames = || thread.stack.frames();
    let application = frames().find(|frame| is_application(frame));
    let library = || frames().find(|frame| !is_runtime(frame));
    application.or_else(library).or_else(|| frames().next())
}

/// Whether a thread waits for work, as most threads of a pool should. What the JVM has for itself is
/// idle, too.
pub fn is_idle(thread: &Thread) -> bool {
    if matches!(thread.state, State::Blocked | State::New | State::Vm) {
        return false;
    }
    let mut frames = thread.stack.frames().take(DEEPEST);
    let Some(top) = frames.next() else {
        return thread.state == State::Runnable;
    };
    let known = |frame: &str| BOOK.idle.contains(method(frame));
    let mut outer = frames.map_while(|frame| (known(frame) || is_runtime(frame)).then_some(frame));
    known(top) || (is_runtime(top) && outer.any(known))
}

/// Where a thread waits for one of a few things to be given back: the outermost frame of the pool.
pub fn pool_wait(thread: &Thread) -> Option<&str> {
    if !(thread.state.is_waiting() || thread.state == State::Blocked) {
        return None;
    }
    let frames = || thread.stack.frames().take(DEEPEST);
    let known = frames().filter(|frame| BOOK.pool.contains(method(frame)));
    if let Some(known) = known.last() {
        return Some(known);
    }
    // One that is not known is called so: the first frames behind those of the runtime.
    let named = |frame: &&str| {
        let name = method(frame).rsplit('.').next().unwrap_or_default();
        let name = name.to_lowercase();
        BOOK.pool_words
            .iter()
            .any(|word| name.starts_with(word.as_str()))
    };
    let own = frames().skip_while(|frame| is_runtime(frame));
    own.take(3).find(named)
}

/// The method by which a thread waits for a socket or the like, though it is called RUNNABLE.
pub fn socket_wait(thread: &Thread) -> Option<&str> {
    let top = thread.top()?;
    let is_called_so = thread.state == State::Runnable || thread.state == State::Unknown;
    let name = method(top).split('@').next().unwrap_or_default();
    (is_called_so && BOOK.socket.contains(name)).then_some(top)
}

/// Where a thread waits for what another thread will have done.
pub fn result_wait(thread: &Thread) -> Option<&str> {
    if !thread.state.is_waiting() {
        return None;
    }
    any(thread, &BOOK.result)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_has_a_method_and_a_class_in_every_form() {
        for (frame, name, of) in [
            (
                "java.lang.Thread.run(java.base@17.0.15/Thread.java:840)",
                "java.lang.Thread.run",
                "java.lang.Thread",
            ),
            (
                "java.base/java.lang.Thread.run(Thread.java:1474)",
                "java.lang.Thread.run",
                "java.lang.Thread",
            ),
            (
                "java.lang.Thread.run(Thread.java:748)",
                "java.lang.Thread.run",
                "java.lang.Thread",
            ),
            ("app//a.B.c(B.java:1)", "app//a.B.c", "app//a.B"),
            (
                "Lab$$Lambda/0x0000000038080210.run(Unknown Source)",
                "Lab$$Lambda/0x0000000038080210.run",
                "Lab$$Lambda/0x0000000038080210",
            ),
            (
                "main.(*Store).Update(/src/g.go:5)",
                "main.(*Store).Update",
                "main.(*Store)",
            ),
            (
                "net/http.(*conn).serve(/usr/lib/go-1.19/src/net/http/server.go:1991)",
                "net/http.(*conn).serve",
                "net/http.(*conn)",
            ),
            ("Queue.get (queue.py:171)", "Queue.get", "Queue"),
            (
                "clock_nanosleep@GLIBC_2.2.5",
                "clock_nanosleep@GLIBC_2.2.5",
                "clock_nanosleep@GLIBC_2.2",
            ),
            ("", "", ""),
            ("(", "(", "("),
            (")", ")", ")"),
        ] {
            assert_eq!((method(frame), class(frame)), (name, of), "{frame}");
        }
        assert_eq!(
            short("java.base/java.lang.Thread.run(java.base@17/Thread.java:840)"),
            "java.lang.Thread.run(Thread.java:840)"
        );
    }

    #[test]
    fn a_compiled_page_is_the_application_and_the_servlet_around_it_is_not() {
        assert!(is_application(
            "org.apache.jsp.order_jsp$Payment.confirm(order_jsp.java:37)"
        ));
        for frame in [
            "org.apache.jasper.servlet.JspServlet.service(JspServlet.java:327)",
            "jakarta.servlet.http.HttpServlet.service(HttpServlet.java:658)",
            "javax.servlet.http.HttpServlet.service(HttpServlet.java:764)",
            "java.net.Socket$SocketInputStream.read(java.base@17.0.15/Socket.java:976)",
        ] {
            assert!(!is_application(frame), "{frame}");
        }
    }

    #[test]
    fn the_same_beginning_is_a_runtime_in_one_language_and_a_company_in_another() {
        assert!(is_runtime(
            "net/http.(*conn).serve(/go/src/net/http/server.go:1991)"
        ));
        assert!(is_runtime(
            "time.Sleep(/usr/lib/go/src/runtime/time.go:195)"
        ));
        assert!(!is_runtime("net.acme.Shop.sell(Shop.java:5)"));
        assert!(!is_runtime("io.acme.Shop.sell(Shop.kt:5)"));
        assert!(is_runtime(
            "sun.nio.ch.EPoll.wait(java.base@17.0.15/Native Method)"
        ));
        assert!(is_runtime("Thread.run (threading.py:982)"));
        assert!(!is_runtime("want (p.py:6)"));
    }
}
