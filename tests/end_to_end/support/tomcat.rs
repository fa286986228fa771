//! A Tomcat with a page whose lock can be kept for ever: Debian's Tomcat 10 without its service,
//! in a folder of our own, on loopback.

use super::clock::wait_for;
use super::host::{folder, has};
use super::process::Guarded;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;

const HOME: &str = "/usr/share/tomcat10";
const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/tomcat");
/// Its files below that.
const FILES: [&str; 3] = [
    "conf/server.xml",
    "webapps/ROOT/WEB-INF/web.xml",
    "webapps/ROOT/order.jsp",
];
/// Threads that answer requests.
const THREADS: usize = 60;
/// What Tomcat's own script opens to it.
const OPENED: [&str; 5] = [
    "java.base/java.lang",
    "java.base/java.io",
    "java.base/java.util",
    "java.base/java.util.concurrent",
    "java.rmi/sun.rmi.transport",
];

/// A running server.
#[derive(Debug)]
pub(crate) struct Tomcat {
    pub(crate) process: Guarded,
    port: u16,
    own: TempDir,
}

/// Orders that nobody answers; they end with this.
#[derive(Debug)]
pub(crate) struct PileUp {
    _payment: TcpListener,
    _orders: Vec<TcpStream>,
}

impl Tomcat {
    /// Starts one that answers; an error says why there is none.
    pub(crate) fn start() -> Result<Self, &'static str> {
        let jars = ["bin/bootstrap.jar", "bin/tomcat-juli.jar"].map(|jar| format!("{HOME}/{jar}"));
        if !jars.iter().all(|jar| Path::new(jar).exists()) {
            return Err("no Tomcat 10 (Debian package tomcat10-common)");
        }
        if !has("java") {
            return Err("no java");
        }
        let own = folder();
        let base = own.path();
        for file in FILES {
            let copy = base.join(file);
            fs::create_dir_all(copy.parent().expect("it is in a folder")).expect("it is ours");
            fs::copy(Path::new(FIXTURE).join(file), copy).expect("the fixture is there");
        }
        for name in ["logs", "temp", "work"] {
            fs::create_dir(base.join(name)).expect("the folder is ours");
        }
        let log = fs::File::create(base.join("log")).expect("the folder is ours");
        let errors = log.try_clone().expect("it can be shared");
        let mut command = Command::new("java");
        command.args(["-Xmx128m", "-XX:+UseSerialGC", "-XX:+StartAttachListener"]);
        command.args(["-Dport=0".to_owned(), format!("-Dthreads={THREADS}")]);
        command.arg(format!("-Dcatalina.home={HOME}"));
        command.arg(format!("-Dcatalina.base={}", base.display()));
        command.arg(format!("-Djava.io.tmpdir={}/temp", base.display()));
        command.args(OPENED.map(|package| format!("--add-opens={package}=ALL-UNNAMED")));
        command.args(["-cp", &jars.join(":")]);
        command.args(["org.apache.catalina.startup.Bootstrap", "start"]);
        command.stdin(Stdio::null()).stdout(log).stderr(errors);
        let process = Guarded::spawn(&mut command);
        let mut tomcat = Self {
            process,
            port: 0,
            own,
        };
        tomcat.port = wait_for("Tomcat to listen", || {
            assert!(tomcat.process.is_running(), "it ended: {}", tomcat.log());
            port(&tomcat.log())
        });
        // The first one compiles the page.
        wait_for("the first order", || tomcat.order().then_some(()));
        Ok(tomcat)
    }

    /// Everything it wrote: a dump that went astray would be here.
    pub(crate) fn log(&self) -> String {
        let log = fs::read(self.own.path().join("log")).expect("it is ours");
        String::from_utf8_lossy(&log).into_owned()
    }

    /// An order as they usually are: whether it was taken.
    pub(crate) fn order(&self) -> bool {
        let mut answer = String::new();
        let read = self.send("/order.jsp").read_to_string(&mut answer);
        read.is_ok() && answer.starts_with("HTTP/1.1 200")
    }

    /// One order keeps the lock for as long as the payment service does not answer, and so many
    /// more wait for it.
    pub(crate) fn pile_up(&self, behind: usize) -> PileUp {
        let payment = TcpListener::bind(("127.0.0.1", 0)).expect("there is a port");
        let at = payment.local_addr().expect("it listens").port();
        let mut orders = vec![self.send(&format!("/order.jsp?payment={at}"))];
        // It has the lock once it asks.
        let (asking, _) = payment.accept().expect("it asks");
        orders.push(asking);
        orders.extend((0..behind).map(|_| self.send("/order.jsp")));
        PileUp {
            _payment: payment,
            _orders: orders,
        }
    }

    fn send(&self, what: &str) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.port));
        let mut stream = stream.expect("it listens");
        let request =
            format!("GET {what} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).expect("it reads");
        stream
    }
}

/// `Starting ProtocolHandler ["http-nio-127.0.0.1-auto-1-39213"]`
fn port(log: &str) -> Option<u16> {
    let line = log
        .lines()
        .find(|line| line.contains("Starting ProtocolHandler"))?;
    let (rest, _) = line.rsplit_once('"')?;
    rest.rsplit('-').next()?.parse().ok()
}
