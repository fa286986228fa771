//! Hooks as configured, and as they run, on programs of every system and on a listener of our own.

use super::*;
use crate::dumps::life;
use afterimage_format::process::Pid;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;

fn hook(text: &str) -> anyhow::Result<Hook> {
    Hook::new(&toml::from_str(text)?)
}

fn own_life() -> Life {
    let pid = Pid(i32::try_from(std::process::id()).unwrap());
    life::look(pid).unwrap()
}

/// A hook for this very process, which runs this with the shell.
fn shell(script: &str, limits: &str) -> Output {
    let script = script.replace('"', "\\\"");
    let text = format!(
        "name = \"sh\"\nmatch = {{ comm = \"*\" }}\n\
        command = [\"/bin/sh\", \"-c\", \"{script}\", \"sh\", \"{{pid}}\"]\n{limits}"
    );
    hook(&text).unwrap().take(&own_life())
}

/// A hook for this very process, which fetches from it what answers so.
fn page(answer: &'static [u8], limits: &str) -> (Output, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = std::thread::Builder::new().spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        let mut asked = [0; 1000];
        let length = client.read(&mut asked).unwrap();
        client.write_all(answer).unwrap();
        String::from_utf8_lossy(&asked[..length]).into_owned()
    });
    let text = format!(
        "name = \"page\"\nmatch = {{ comm = \"*\" }}\nurl = \"http://127.0.0.1:{port}/a?p={{pid}}\"\n{limits}"
    );
    let output = hook(&text).unwrap().take(&own_life());
    (output, server.unwrap().join().unwrap())
}

#[test]
fn what_is_configured_wrongly_is_said() {
    let wrong = |text: &str| format!("{:#}", hook(text).unwrap_err());
    let with = |more: &str| format!("name = \"a\"\nmatch = {{ comm = \"b\" }}\n{more}");
    let command = "command = [\"true\"]\n";
    assert!(hook(&with(command)).is_ok());
    assert!(wrong(&with("")).contains("either command or url"));
    assert!(wrong(&with("command = []")).contains("a program"));
    assert!(wrong(&with("command = [\"x\", \"{pdi}\"]")).contains("{pdi} is none of"));
    assert!(hook(&with("command = [\"awk\", \"{ print }\", \"{}\"]")).is_ok());
    assert!(wrong(&with("url = \"https://127.0.0.1/\"")).contains("http://"));
    assert!(wrong(&with("url = \"http://10.0.0.1/\"")).contains("only 127.0.0.1"));
    assert!(wrong(&with("url = \"http://localhost:a/\"")).contains("no number"));
    for url in [
        "http://localhost",
        "http://[::1]:6060/x",
        "http://127.0.0.1:{port}/y",
    ] {
        assert!(hook(&with(&format!("url = \"{url}\""))).is_ok(), "{url}");
    }
    assert!(wrong(&with(&format!("{command}timeout = \"1h\""))).contains("timeout"));
    assert!(wrong(&with(&format!("{command}max-bytes = \"1GiB\""))).contains("max-bytes"));
    assert!(wrong(&with(&format!("{command}shell = true"))).contains("shell"));
    let nobody = format!("name = \"a\"\nmatch = {{}}\n{command}");
    assert!(wrong(&nobody).contains("at least one"));
    let twice: Vec<HookConfig> = vec![toml::from_str(&with(command)).unwrap(); 2];
    assert!(format!("{:#}", all(&twice).unwrap_err()).contains("two of this name"));
}

#[test]
fn all_that_is_given_must_match() {
    let life = own_life();
    let exe = std::env::current_exe().unwrap();
    let folder = exe.parent().unwrap().display();
    let matches = |matching: &str| {
        let text = format!("name = \"a\"\nmatch = {{ {matching} }}\ncommand = [\"true\"]");
        hook(&text).unwrap().matches(&life)
    };
    let uid = rustix::process::geteuid().as_raw();
    assert!(matches(&format!("exe = \"{folder}/*\"")));
    assert!(matches(&format!(
        "user = \"{uid}\", cmdline = \"*afterimage*\""
    )));
    assert!(matches("cgroup = \"/*\""));
    assert!(!matches(&format!(
        "exe = \"{folder}/*\", comm = \"nobody is called so\""
    )));
    assert!(!matches("cmdline = \"afterimage\""));
    assert!(!matches("user = \"nobody-of-this-name\""));
}

#[test]
fn a_star_stands_for_anything() {
    for (text, pattern) in [
        ("", ""),
        ("", "*"),
        ("java", "java"),
        ("java", "j*a"),
        ("abcabd", "*abd"),
        ("/srv/a/b", "/srv/*/b"),
        ("aaa", "*a*a*"),
    ] {
        assert!(is_like(text.as_bytes(), pattern), "{text} {pattern}");
    }
    for (text, pattern) in [("java", ""), ("java", "jav"), ("abc", "*b"), ("a", "a*a")] {
        assert!(!is_like(text.as_bytes(), pattern), "{text} {pattern}");
    }
}

#[test]
fn what_a_program_writes_is_the_dump() {
    let output = shell("echo thread of $1; echo hm >&2; nice", "");
    let text = format!("thread of {}\n5\n", std::process::id());
    assert_eq!(
        output.text.as_deref().map(String::from_utf8_lossy),
        Some(text.into())
    );
    assert_eq!(
        (output.status, output.detail.as_str()),
        (DumpStatus::Ok, "")
    );
    assert!(
        output
            .arguments
            .ends_with(&format!("sh {}", std::process::id()))
    );
}

#[test]
fn how_a_program_failed_is_told_by_what_it_said() {
    let output = shell("echo no such thread >&2; exit 3", "");
    assert_eq!(output.status, DumpStatus::Failed);
    assert_eq!(output.detail, "it ended with code 3: no such thread");
    let output = shell("echo half; exit 1", "");
    assert_eq!(
        (output.status, output.text),
        (DumpStatus::Truncated, Some(b"half\n".to_vec()))
    );
    let output = shell("kill -9 $$", "");
    assert_eq!(output.detail, "signal 9 ended it");
    assert_eq!(shell("true", "").detail, "its answer is empty");
    let text = "name = \"a\"\nmatch = { comm = \"*\" }\ncommand = [\"/no/such/program\"]";
    let output = hook(text).unwrap().take(&own_life());
    assert!(
        output
            .detail
            .starts_with("/no/such/program cannot be started")
    );
}

#[test]
fn nothing_of_a_program_that_takes_too_long_is_left() {
    // The one in the background would hold the output open, and its own name.
    let script = "echo begun; sleep 4321 & echo $!; wait";
    let output = shell(script, "timeout = \"300ms\"");
    assert_eq!(output.status, DumpStatus::Truncated);
    assert!(output.detail.starts_with("it took longer than 300ms"));
    let text = String::from_utf8(output.text.unwrap()).unwrap();
    let pid = text.lines().nth(1).unwrap();
    let ended = |pid: &str| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        !stat.contains("(sleep)") || stat.contains(") Z ")
    };
    while !ended(pid) {
        std::thread::sleep(Duration::from_millis(5));
    }
    let silent = shell("exec >&- 2>&-; sleep 4321", "timeout = \"200ms\"");
    assert_eq!(silent.status, DumpStatus::Timeout);
}

#[test]
fn what_a_program_leaves_behind_is_not_waited_for() {
    let output = shell("echo all; sleep 4321 & exit 0", "timeout = \"60s\"");
    assert_eq!(
        (output.status, output.text),
        (DumpStatus::Ok, Some(b"all\n".to_vec()))
    );
}

#[test]
fn no_more_is_taken_than_is_allowed() {
    let output = shell("while :; do echo 1234567; done", "max-bytes = \"1KiB\"");
    assert_eq!(output.status, DumpStatus::Truncated);
    assert_eq!(output.text.map(|text| text.len()), Some(1024));
    let (output, _) = page(b"HTTP/1.0 200 OK\r\n\r\n12345678", "max-bytes = \"4\"");
    assert_eq!(
        (output.status, output.text),
        (DumpStatus::Truncated, Some(b"1234".to_vec()))
    );
}

#[test]
fn a_page_of_the_process_is_the_dump() {
    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\ngoroutine 1\n";
    let (output, asked) = page(answer, "");
    assert_eq!(output.text, Some(b"goroutine 1\n".to_vec()));
    assert_eq!(output.status, DumpStatus::Ok);
    let line = format!("GET /a?p={} HTTP/1.0\r\n", std::process::id());
    assert!(asked.starts_with(&line), "{asked}");
}

#[test]
fn a_page_that_is_none_is_told_apart() {
    let told = |answer: &'static [u8]| {
        let output = page(answer, "").0;
        (output.status, output.detail)
    };
    let (status, detail) = told(b"HTTP/1.1 404 Not Found\r\n\r\nno such page\n");
    assert_eq!(status, DumpStatus::Failed);
    assert_eq!(detail, "it answers with code 404: no such page");
    assert_eq!(told(b"SSH-2.0-x\r\n\r\n").1, "what it answers is no HTTP");
    let pieces = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    assert!(told(pieces).1.contains("pieces"));
    let short = told(b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nabc");
    assert_eq!(short.0, DumpStatus::Truncated);
}

#[test]
fn only_the_process_itself_is_asked() {
    let text = "name = \"a\"\nmatch = { comm = \"*\" }\nurl = \"http://127.0.0.1:9/\"";
    let output = hook(text).unwrap().take(&own_life());
    assert_eq!(output.status, DumpStatus::Refused);
    assert!(
        output.detail.contains("listens on port 9"),
        "{}",
        output.detail
    );
}
