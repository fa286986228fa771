//! Secrets planted in every form we know, and innocent lines that must come through unchanged.

mod lengths;

use super::*;
use proptest::prelude::*;
use std::sync::LazyLock;

static REDACTOR: LazyLock<Redactor> = LazyLock::new(Redactor::embedded);

/// A command line is written with `\0` between its arguments, as the kernel has it.
fn redacted(cmdline: &[u8]) -> String {
    let stored = REDACTOR.command_line(ArgsLevel::Redact, cmdline);
    String::from_utf8_lossy(&stored).into_owned()
}

/// In each of these the secret is made of parts called S3cr3t, hunter2 or tiger.
const PLANTED: &[&str] = &[
    // Names.
    "app\0--db-password=hunter2",
    "app\0--db-password\0hunter2",
    "app\0--password\0hunter2 with S3cr3t blanks",
    "app\0--password=hunter2 with S3cr3t blanks",
    "app\0--password\0-hunter2",
    "java\0-Dspring.datasource.password=hunter2\0-jar\0x.jar",
    "java\0-Djavax.net.ssl.keyStorePassword=hunter2\0Main",
    "env\0PASSWORD=hunter2\0app",
    "env\0PGPASSWORD=hunter2\0psql",
    "env\0DB_PASS=S3cr3t hunter2\0app",
    "env\0MYSQL_PWD=hunter2\0mysql",
    "env\0AWS_SECRET_ACCESS_KEY=S3cr3t/hunter2+x\0aws\0s3\0ls",
    "env\0GITHUB_TOKEN=hunter2\0gh",
    "app\0password:hunter2",
    "app\0Password: hunter2",
    "app\0--password='x' hunter2",
    "java\0-Dmy.api.key=hunter2\0Main",
    "app\0--apiKey=hunter2",
    "app\0--api-key\0hunter2",
    "app\0-secret\0hunter2",
    "keytool\0-storepass\0hunter2\0-list",
    "gpg\0--batch\0--passphrase\0hunter2\0-d\0x.gpg",
    "redis-server\0--requirepass\0hunter2",
    "psql\0host=db password='hunter2 S3cr3t' user=me",
    "sqlcmd\0Server=db;Password=hunter2;Encrypt=no",
    "mount\0-t\0cifs\0-o\0username=me,password=hunter2,uid=1000",
    "curl\0-d\0{\"user\":\"me\",\"password\":\"hunter2 S3cr3t\",\"x\":1}",
    "curl\0-d\0{\"user\":\"me\", \"password\" : \"hun\\\"ter2 S3cr3t\"}",
    "curl\0-d\0{\\\"password\\\":\\\"hunter2 S3cr3t\\\"}",
    "curl\0--data\0user%5Bpassword%5D=hunter2",
    "curl\0--data\0user[password]=hunter2",
    "app\0--config\0password = hunter2",
    // Titles that were rewritten, and scripts.
    "app: worker --password=hunter2 --port 80\0\0\0\0",
    "app --password hunter2 --port 80",
    "sh\0-c\0PASSWORD=hunter2 app --port 80",
    "sh\0-c\0PASSWORD='hunter2 S3cr3t' app --port 80",
    "bash\0-lc\0app --password \"hunter2 S3cr3t\" --port 80",
    "ssh\0host\0mysql -u root -p'hunter2 S3cr3t' db",
    "sh\0-c\0cd /x && (mysql -phunter2)",
    "sh\0-c\0curl -H \"Authorization: Bearer hunter2S3cr3t\" http://x/",
    "sh\0-c\0curl -H 'X-Auth-Token: hunter2 S3cr3t' http://x/",
    "sh\0-c\0cd /x;mysql -phunter2",
    "sh\0-c\0X=$(mysql -phunter2 db)",
    "sh\0-c\0app --password hunter2",
    "sh\0-c\0$x = {password => 'hunter2 S3cr3t'}",
    "sh\0-c\0mysql -phunter2\\ S3cr3t db",
    // Programs.
    "mysql\0-uroot\0-phunter2\0db",
    "/usr/bin/mysqldump\0-phunter2 S3cr3t\0db",
    "sudo\0-E\0mysql\0-phunter2",
    "mysqladmin\0-u\0root\0password\0hunter2",
    "redis-cli\0-h\0db\0-a\0hunter2\0ping",
    "redis-cli\0CONFIG\0SET\0requirepass\0hunter2",
    "curl\0-u\0user:hunter2\0http://x/",
    "curl\0-uuser:hunter2\0http://x/",
    "curl\0-sku\0user:hunter2:S3cr3t\0http://x/",
    "curl\0--user=user:hunter2\0http://x/",
    "wget\0--http-password=hunter2\0http://x/",
    "sshpass\0-p\0hunter2\0ssh\0host",
    "sshpass\0-phunter2\0ssh\0host",
    "htpasswd\0-b\0/etc/htpasswd\0user\0hunter2",
    "htpasswd\0-nbB\0user\0hunter2",
    "openssl\0rsa\0-passin\0pass:hunter2\0-in\0key.pem",
    "openssl\0enc\0-k\0hunter2\0-in\0x",
    "docker\0login\0-u\0me\0-p\0hunter2\0registry",
    "ldapsearch\0-x\0-D\0cn=admin\0-w\0hunter2",
    "ldapsearch\0-xw\0hunter2",
    "smbclient\0//srv/share\0-U\0user%hunter2",
    "mongodump\0-u\0me\0-p\0hunter2",
    "snmpwalk\0-v2c\0-c\0hunter2\0router",
    "ipmitool\0-H\0bmc\0-U\0root\0-P\0hunter2\0power\0status",
    "7z\0a\0-phunter2\0x.7z",
    "wpa_passphrase\0ssid\0hunter2",
    "sqlplus\0-S\0scott/tiger@db",
    "xfreerdp\0/u:me\0/p:hunter2\0/v:host",
    // Headers.
    "curl\0-H\0Authorization: Basic aHVudGVyMg==S3cr3t",
    "curl\0-H\0authorization: Digest hunter2, x=\"S3cr3t\"",
    "curl\0-HX-Api-Key: hunter2",
    "curl\0-H\0Cookie: session=hunter2; other=S3cr3t",
    "app\0--header\0x: Bearer hunter2S3cr3t",
    // Addresses.
    "psql\0postgres://me:hunter2@db/x",
    "redis-cli\0-u\0redis://:hunter2@db:6379",
    "app\0mongodb://me:hunter2@h1,h2/x",
    "app\0amqp://me:hun@hunter2@db/x",
    "app\0postgres://me:S3cr3t/hunter2@db/x",
    "git\0clone\0https://hunter2hunter2hunter2@example.com/x",
    "app\0--dsn=mysql://me:hunter2@db/x",
    "java\0-jar\0x.jar\0jdbc:mysql://db/x?user=me&password=hunter2&ssl=true",
    "java\0jdbc:oracle:thin:scott/tiger@//db/x",
    "curl\0http://x/?a=1&token=hunter2&b=2",
    "curl\0https://x.blob.core.windows.net/c?sv=2&sig=hunter2%3D&se=3",
    // SQL.
    "mysql\0-e\0CREATE USER x IDENTIFIED BY 'hunter2 S3cr3t'",
    "psql\0-c\0ALTER ROLE x PASSWORD 'hunter2'",
];

#[test]
fn every_planted_secret_is_gone() {
    assert!(PLANTED.len() >= 40);
    for cmdline in PLANTED {
        let stored = redacted(cmdline.as_bytes());
        for part in ["S3cr3t", "hunter2", "tiger", "ter2", "aHVud"] {
            assert!(!stored.contains(part), "{cmdline:?} became {stored}");
        }
        assert!(stored.contains("<redacted>"), "{cmdline:?} became {stored}");
    }
}

/// Secrets known by their form, put together here so that no scanner takes this file for a leak.
#[test]
fn a_secret_of_a_known_form_is_gone_wherever_it_stands() {
    let letters = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8";
    let shapes = [
        ["AK", "IA", "ABCDEFGHIJ234567"],
        ["gh", "p_", letters],
        ["gh", "s_", letters],
        ["github", "_pat_", letters],
        ["gl", "pat-", "a1B2c3D4e5F6g7H8i9J0"],
        ["xo", "xb-", "123456789012-abcdefABCDEF"],
        ["ey", "JhbGciOiJIUzI1NiJ9.ey", "JzdWIiOiIxIn0.c2lnbmF0dXJl"],
        ["sk_", "live_", "a1B2c3D4e5F6g7H8"],
        ["AI", "za", letters],
        ["sk-", "", letters],
        ["npm", "_", letters],
        [
            "-----BEGIN RSA PRI",
            "VATE KEY-----\n",
            "MIIEow\nabcdef\n-----END",
        ],
    ];
    for shape in shapes {
        let secret = shape.concat();
        for cmdline in [
            format!("app\0{secret}"),
            format!("app\0--x={secret}\0y"),
            format!("sh\0-c\0app '{secret}'; y"),
            format!("app\0\u{fc}{secret}\u{fc}"),
        ] {
            let stored = redacted(cmdline.as_bytes());
            assert!(!stored.contains(shape[2]), "{cmdline:?} became {stored}");
        }
    }
}

/// What must come through as it is: a tool that hides this is of no use.
const INNOCENT: &[&str] = &[
    "/sbin/init\0splash",
    "passwd\0me",
    "cat\0/etc/passwd",
    "getent\0passwd\0root",
    "vim\0/etc/passwd\0/etc/shadow",
    "git\0log\0--author\0me\0--author=you",
    "git\0clone\0git@example.com:me/password-store.git",
    "git\0clone\0ssh://git@example.com/x.git",
    "kubelet\0--token-file\0/run/token\0--tls-private-key-file=/x/key.pem",
    "app\0--password-file=/run/secrets/db",
    "docker\0login\0--password-stdin\0-u\0me",
    "java\0-cp\0/lib/token-1.2.jar:/lib/secret-service.jar:/lib/x.jar\0com.example.TokenServer",
    "java\0-cp\0token.jar:lib/password.jar\0Main",
    "docker\0run\0-v\0/run/secrets/token:/token:ro\0-p\x008080:80\0nginx:1.25",
    "docker\0run\0--name\0mysql\0-p3306:3306\0mysql:8",
    "mysqld\0--datadir=/var/lib/mysql\0--port=3306",
    "mysql\0-uroot\0-p\0-P3306\0db",
    "curl\0-u\0user\0http://host:8080/a@b",
    "curl\0http://[::1]:8080/a@b",
    "wpa_passphrase\0ssid",
    "sh\0-c\0mysql -e x | ssh -p2222 host",
    "app\0--datadir=/var/lib/mysql\0-p3306",
    "kubectl\0get\0secret\0-n\0default",
    "vllm\0--max-tokens\x00100\0--tokenizer=/models/x",
    "app\0--use-password=true\0--token\0--verbose",
    "sshd: me@pts/0",
    "nginx: worker process",
    "postgres: checkpointer ",
    "ssh\0-p\x002222\0host",
    "mkdir\0-p\0/a/b",
    "bash\0--norc\0-c\0ls -l | wc -l",
    "python3\0-m\0http.server\x008000",
    "env\0PWD=/home/me\0OLDPWD=/tmp\0app",
    "grep\0-r\0basic authentication\0.",
    "app\0--compass\0north\0--bypass=7",
    "openssl\0x509\0-key\0x.pem\0-keyform\0PEM",
    "find\0/var\0-name\0*.log\0-mtime\0+7",
    "apt-get\0install\0libsecret-tools\0passwdqc",
    "rsync\0-a\0--exclude=.git\0src/\0host:/dst/",
    "tail\0-f\0/var/log/auth.log",
    "stress-ng\0--cpu\x004\0--timeout\x0030s",
    "m\u{fc}ller\0--gr\u{f6}\u{df}e=1",
];

#[test]
fn every_innocent_line_comes_through_unchanged() {
    assert!(INNOCENT.len() >= 25);
    for cmdline in INNOCENT {
        let expected = cmdline.trim_end_matches('\0').replace('\0', " ");
        assert_eq!(redacted(cmdline.as_bytes()), expected);
    }
}

#[test]
fn what_is_beside_a_secret_stays() {
    assert_eq!(
        redacted(b"mysql\0-uroot\0-ptiger\0db\0"),
        "mysql -uroot -p<redacted> db"
    );
    assert_eq!(
        redacted(b"psql\0postgres://me:tiger@db/x?a=1"),
        "psql postgres://me:<redacted>@db/x?a=1"
    );
    assert_eq!(
        redacted(b"curl\0-u\0me:tiger\0http://x/"),
        "curl -u me:<redacted> http://x/"
    );
    assert_eq!(
        redacted(b"curl\0http://x/?token=t&b=2"),
        "curl http://x/?token=<redacted>&b=2"
    );
    assert_eq!(
        redacted(b"curl\0-d\0{\"password\":\"t\",\"x\":1}"),
        "curl -d {\"password\":\"<redacted>\",\"x\":1}"
    );
    assert_eq!(
        redacted(b"sh\0-c\0PASSWORD=t app --port 80"),
        "sh -c PASSWORD=<redacted> app --port 80"
    );
    assert_eq!(
        redacted(b"app --password t --port 80"),
        "app --password <redacted> --port 80"
    );
    assert_eq!(
        redacted(b"app\0A=1;Password=t;B=2"),
        "app A=1;Password=<redacted>;B=2"
    );
    assert_eq!(
        redacted(b"password=t --port 80"),
        "password=<redacted> --port 80"
    );
}

#[test]
fn a_byte_that_is_not_utf8_hides_nothing_and_stays() {
    let stored = REDACTOR.command_line(
        ArgsLevel::Redact,
        b"a\xffp\0\xff--password=\xffhunter2\xff\0x\xfe",
    );
    assert_eq!(stored, b"a\xffp \xff--password=<redacted> x\xfe");
    let stored = REDACTOR.command_line(
        ArgsLevel::Redact,
        b"a\0\xff\xfepostgres://me:\xffhunter2\xc3@db",
    );
    assert_eq!(stored, b"a \xff\xfepostgres://me:<redacted>@db");
}

#[test]
fn full_keeps_everything_and_none_only_the_program() {
    let cmdline = b"/usr/bin/mysql\0-phunter2\0db\0\0";
    assert_eq!(
        REDACTOR.command_line(ArgsLevel::Full, cmdline),
        b"/usr/bin/mysql -phunter2 db"
    );
    assert_eq!(
        REDACTOR.command_line(ArgsLevel::None, cmdline),
        b"/usr/bin/mysql"
    );
    assert_eq!(
        REDACTOR.command_line(ArgsLevel::None, b"app: hunter2 worker\0\0"),
        b"app:"
    );
    assert_eq!(
        REDACTOR.command_line(ArgsLevel::None, b"password=hunter2"),
        b"password=<redacted>"
    );
    assert_eq!(REDACTOR.command_line(ArgsLevel::None, b""), b"");
}

#[test]
fn a_level_is_written_as_it_is_read() {
    for level in [ArgsLevel::Full, ArgsLevel::Redact, ArgsLevel::None] {
        assert_eq!(level.to_string().parse(), Ok(level));
    }
    assert_eq!("all".parse::<ArgsLevel>(), Err(UnknownArgsLevel));
    assert_eq!(ArgsLevel::default(), ArgsLevel::Redact);
}
