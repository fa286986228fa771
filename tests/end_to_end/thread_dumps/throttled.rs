//! A virtual machine that spins in a cgroup with a quota: the dump says that it is kept from
//! running, with the kernel's own counts.

use super::Recording;
use crate::support::cgroup::Cgroup;
use crate::support::clock::wait_for;
use crate::support::command::ok;
use crate::support::host::{has, skip};
use crate::support::java::Java;
use afterimage_format::kernel_view::CpuQuota;
use std::path::Path;
use std::time::Duration;

/// A fifth of a CPU.
const QUOTA: CpuQuota = CpuQuota {
    allowed: Duration::from_millis(20),
    period: Duration::from_millis(100),
};

#[test]
fn a_dump_says_that_the_quota_of_its_cgroup_was_used_up() {
    if !has("java") {
        return skip("no java");
    }
    let Some(group) = Cgroup::with_quota(QUOTA) else {
        return;
    };
    let options = ["-XX:+StartAttachListener"];
    let Some(java) = Java::start(Path::new("java"), &options, &["spin"]) else {
        return skip("no javac: there is no virtual machine to be asked");
    };
    let java = java.ready();
    let pid = java.process.pid();
    group.enter(pid);
    let recording = Recording::start("sigquit = \"never\"\n");
    let throttled = || group.count("cpu.stat", "nr_throttled").unwrap();
    let begin = throttled();
    wait_for("it to be throttled", || {
        (throttled() > begin + 2).then_some(())
    });
    let before = throttled();
    assert_eq!(recording.dump(&pid.to_string()).code, 0);
    let between = throttled();
    wait_for("it to be throttled", || {
        (throttled() > between + 5).then_some(())
    });
    assert_eq!(recording.dump(&pid.to_string()).code, 0);
    let after = throttled();
    drop(java);
    let file = recording.file.clone();
    let file = file.to_str().unwrap();
    let told = ok(&["threads", file, "--format", "json"]).json();
    let last = told["dumps"].as_array().unwrap().last().unwrap().clone();
    let findings = last["findings"].as_array().unwrap();
    let found = findings
        .iter()
        .find(|found| found["kind"] == "cpu-throttled");
    let summary = found.unwrap_or_else(|| panic!("{last}"))["summary"].as_str();
    let summary = summary.unwrap().to_owned();
    assert!(summary.contains("by its quota of 0.2 CPUs"), "{summary}");
    assert!(summary.contains(group.name()), "{summary}");
    let dumps = recording.dumps();
    let views = dumps.iter().flat_map(|dump| [&dump.views.0, &dump.views.1]);
    let groups = views.map(|view| view.as_ref().unwrap().cgroup.clone().unwrap());
    let groups: Vec<_> = groups.collect();
    assert_eq!(groups.len(), 4);
    for group in &groups {
        assert_eq!(group.quota, Some(QUOTA));
    }
    let counts: Vec<u64> = groups
        .iter()
        .map(|group| group.throttled.unwrap())
        .collect();
    let of = |at: usize, from: u64, to: u64| {
        assert!(
            (from..=to).contains(&counts[at]),
            "{counts:?}: {from} to {to}"
        );
    };
    of(0, before, between);
    of(1, before, between);
    of(2, between + 6, after);
    of(3, between + 6, after);
}
