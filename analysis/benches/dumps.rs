//! What reading a thread dump costs, and working out what follows from it.
//!
//! `cargo bench -p afterimage-analysis`. The dumps are those of `fixtures/dumps`: 159 to 215 threads.

use afterimage_analysis::dumps::report::{Around, Report};
use afterimage_analysis::dumps::{history, read};
use divan::Bencher;
use std::fs;
use std::path::Path;

fn main() {
    divan::main();
}

fn text(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/dumps");
    let packed =
        fs::read(folder.join(format!("{name}.zst"))).expect("the file is in the repository");
    let bytes = zstd::decode_all(packed.as_slice()).expect("it was made with zstd");
    String::from_utf8(bytes).expect("it is text")
}

const DUMPS: [&str; 4] = [
    "hotspot17-1.txt",
    "hotspot17-3.txt",
    "hotspot25-virtual.txt",
    "hotspot25-virtual.json",
];

#[divan::bench(args = DUMPS)]
fn parse(bencher: Bencher<'_, '_>, name: &str) {
    let text = text(name);
    bencher.bench_local(|| read(&text));
}

#[divan::bench(args = DUMPS)]
fn report(bencher: Bencher<'_, '_>, name: &str) {
    let found = read(&text(name));
    bencher.bench_local(|| Report::of(&found.dumps[0], &Around::default()));
}

#[divan::bench]
fn series_of_four(bencher: Bencher<'_, '_>) {
    let names = [
        "hotspot17-1.txt",
        "hotspot17-2.txt",
        "hotspot17-3.txt",
        "hotspot17-4.txt",
    ];
    let found = names.map(|name| read(&text(name)));
    let dumps: Vec<_> = found.iter().map(|found| &found.dumps[0]).collect();
    bencher.bench_local(|| history::series(&dumps));
}
