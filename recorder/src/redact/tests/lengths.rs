//! Long command lines, any bytes at all, and what that costs.

use super::*;

#[test]
fn what_is_behind_4_kib_is_not_stored() {
    let long = [vec![b'a'; 4_090], b"\0secret=hunter2".to_vec()].concat();
    assert_eq!(REDACTOR.command_line(ArgsLevel::Full, &long).len(), 4_096);
    assert_eq!(REDACTOR.command_line(ArgsLevel::Redact, &long).len(), 4_096);
}

proptest! {
    #[test]
    fn no_bytes_panic_or_grow_beyond_six_times(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        for level in [ArgsLevel::Full, ArgsLevel::Redact, ArgsLevel::None] {
            let stored = REDACTOR.command_line(level, &bytes);
            prop_assert!(stored.len() <= bytes.len() * 6 + REDACTED.len());
        }
    }

    #[test]
    fn no_pile_of_rules_panics_or_grows_beyond_six_times(pieces in proptest::collection::vec(piece(), 0..60)) {
        let cmdline = pieces.concat();
        let stored = REDACTOR.command_line(ArgsLevel::Redact, &cmdline);
        prop_assert!(stored.len() <= cmdline.len() * 6 + REDACTED.len());
        // What was redacted once is not taken apart further.
        let again = REDACTOR.command_line(ArgsLevel::Redact, &stored);
        prop_assert!(again.len() <= stored.len() * 6 + REDACTED.len());
    }

    #[test]
    fn no_value_of_a_named_secret_survives(value in "[!-~]{4,30}", before in "[a-z]{0,8}") {
        let cmdline = format!("app\0--{before}-password={value}\0-x");
        let stored = redacted(cmdline.as_bytes());
        prop_assert!(!stored.contains(&value), "{}", stored);
        let kept = format!("app --{before}-password=");
        prop_assert!(stored.starts_with(&kept) && stored.ends_with(" -x"), "{}", stored);
        let cmdline = format!("mysql\0-u{before}\0-p{value}\0db");
        prop_assert!(!redacted(cmdline.as_bytes()).contains(&value));
    }
}

/// Pieces that rules react to, and what may stand between them.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let pieces: &[&[u8]] = &[
        b"\0",
        b" ",
        b"\n",
        b"=",
        b":",
        b"\"",
        b"'",
        b"\\",
        b"://",
        b"@",
        b"/",
        b"%5D",
        b"?",
        b"&",
        b";",
        b",",
        b"-",
        b"--",
        b"password",
        b"token",
        b"mysql",
        b"-p",
        b"curl",
        b"-u",
        b"htpasswd",
        b"-b",
        b"sh",
        b"-c",
        b"Bearer ",
        b"eyJ",
        b"AKIA",
        b"docker",
        b"login",
        b"\xff",
        b"\xc3\xa4",
        b"x",
        b"{",
        b"}",
        b"-----BEGIN PRIVATE KEY-----",
        b"identified by ",
        b"|",
    ];
    proptest::sample::select(pieces).prop_map(<[u8]>::to_vec)
}

/// What a command line costs. Run by hand, with optimisation: the figure says nothing without.
#[test]
#[ignore = "prints a figure for people, proves nothing"]
#[expect(clippy::disallowed_methods, reason = "it measures real time")]
fn cost_of_a_command_line() {
    let all_hits = "password=x token=y mysql -pz eyJ ".repeat(124);
    let innocent = "token_file='".repeat(341);
    let last = format!("htpasswd {}", "-b ".repeat(1_362));
    let mysql = format!("mysql {}", "-p' ".repeat(1_022));
    let addresses = "://:".repeat(1_024);
    let quotes = "token:'\" -b htpasswd :// ".repeat(160);
    let class_path = format!(
        "java\0-Xmx4g\0-cp\0{}\0com.example.Main\0--port\x008080",
        "/opt/app/lib/some-library-1.2.3.jar:".repeat(40)
    );
    let typical = "kubelet\0--token-file\0/run/token\0--tls-private-key-file=/x/key.pem";
    let worker = "/usr/lib/postgresql/15/bin/postgres\0-D\0/var/lib/postgresql/15/main\0-c\0config_file=/etc/postgresql/15/main/postgresql.conf";
    for (name, line) in [
        ("worker", worker),
        ("kubelet", typical),
        ("class path", &class_path),
        ("secret", "psql\0postgres://me:hunter2@db/x"),
        ("worst: hits", &all_hits),
        ("worst: quotes", &quotes),
        ("worst: names", &innocent),
        ("worst: last", &last),
        ("worst: mysql", &mysql),
        ("worst: ://", &addresses),
    ] {
        let rounds = 500;
        let start = std::time::Instant::now();
        for _ in 0..rounds {
            std::hint::black_box(REDACTOR.command_line(ArgsLevel::Redact, line.as_bytes()));
        }
        println!(
            "{name:14} {:5} bytes {:9.2} us",
            line.len(),
            start.elapsed().as_secs_f64() * 1e6 / f64::from(rounds)
        );
    }
}
