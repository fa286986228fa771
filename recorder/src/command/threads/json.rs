//! Thread dumps as JSON: one object, written as the dumps come.

use super::source::{Asked, Taken};
use super::{Lives, Worked};
use crate::command::output::{escaped_json, print_text};
use afterimage_analysis::dumps::finding::{Evidence, Finding, Party};
use afterimage_analysis::dumps::followed::{Followed, Way};
use afterimage_analysis::dumps::frame;
use afterimage_analysis::dumps::groups::Group;
use afterimage_analysis::dumps::locks::Wanted;
use afterimage_analysis::dumps::report::{CpuUse, Report};
use afterimage_analysis::dumps::{Dump, Lock, State};
use serde_json::{Map, Value, json};
use std::time::Duration;

pub(super) fn print(asked: &mut Asked<'_>) -> anyhow::Result<()> {
    print_text("{\"dumps\":[")?;
    let architecture = asked.architecture.clone();
    let (mut lives, mut is_first) = (Lives::default(), true);
    asked.each(&mut |taken| {
        let object = lives.work(taken, &architecture, |worked, taken| {
            taken.is_shown.then(|| entry(worked, taken))
        });
        let Some(object) = object else {
            return Ok(());
        };
        let before = if std::mem::take(&mut is_first) {
            ""
        } else {
            ","
        };
        print_text(&format!("{before}{}", escaped_json(&object)))?;
        Ok(())
    })?;
    print_text(&format!("],\"other_lines\":{}}}\n", asked.other_lines))?;
    Ok(())
}

/// One dump, or an attempt at one.
fn entry(worked: Option<&Worked<'_>>, taken: &Taken) -> Value {
    let facts = taken.stored.as_ref().map(|stored| &stored.facts);
    let dump = worked.map(|worked| worked.dump);
    let vm = dump.and_then(|dump| dump.vm.as_deref().map(str::to_owned));
    let vm = vm.or_else(|| facts.and_then(|facts| facts.vm.clone()));
    let mut object = Map::new();
    let mut put = |key: &str, value: Value| object.insert(key.to_owned(), value);
    put("at", json!(taken.at));
    put("pid", json!(taken.pid()));
    put(
        "comm",
        json!(facts.map(|facts| String::from_utf8_lossy(&facts.comm).into_owned())),
    );
    put("vm", json!(vm));
    put("kind", json!(facts.map(|facts| facts.kind.as_str())));
    put("source", json!(dump.map(|dump| dump.source.name())));
    put("trigger", json!(facts.map(|facts| facts.trigger.as_str())));
    put(
        "trigger_detail",
        json!(facts.map(|facts| facts.trigger_detail.as_str())),
    );
    put("status", json!(status(taken)));
    put("detail", json!(facts.map(|facts| facts.detail.as_str())));
    put("pause_ms", millis(facts.and_then(|facts| facts.pause)));
    put("took_ms", millis(facts.map(|facts| facts.took)));
    put("is_truncated", json!(dump.map(|dump| dump.is_truncated)));
    put("missing_threads", json!(dump.and_then(Dump::missing)));
    put("unknown_lines", json!(dump.map(|dump| dump.unknown.count)));
    let unknown = dump.iter().flat_map(|dump| &dump.unknown.first);
    let unknown = unknown.map(|(number, text)| json!({"line": number, "text": text}));
    put("unknown", unknown.collect());
    let report = worked.map(|worked| &worked.report);
    put("total", json!(report.map(|report| report.total)));
    put(
        "virtual_threads",
        json!(report.map(|report| report.virtual_threads)),
    );
    put("states", report.map_or(Value::Null, states));
    for key in LISTS {
        put(key, json!([]));
    }
    if let Some(worked) = worked {
        lists(worked, taken, &mut object);
    }
    Value::Object(object)
}

/// What is empty where there is no dump.
const LISTS: [&str; 9] = [
    "deadlocks",
    "blockers",
    "groups",
    "pools",
    "cpu",
    "only_wait",
    "stuck",
    "followed",
    "findings",
];

fn lists(worked: &Worked<'_>, taken: &Taken, object: &mut Map<String, Value>) {
    let (dump, report) = (worked.dump, &worked.report);
    let names = |threads: &[usize]| -> Value {
        threads
            .iter()
            .map(|thread| Value::from(dump.threads[*thread].called()))
            .collect()
    };
    let mut put = |key: &str, value: Value| object.insert(key.to_owned(), value);
    let deadlocks = report.deadlocks.iter().map(|deadlock| {
        let locks = deadlock
            .locks
            .iter()
            .map(|lock| lock.as_ref().map(Lock::words));
        json!({
            "members": names(&deadlock.members),
            "locks": locks.collect::<Vec<_>>(),
            "kinds": deadlock.kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>(),
            "is_reported": deadlock.is_reported,
            "is_guess": deadlock.is_guess,
        })
    });
    put("deadlocks", deadlocks.collect());
    put(
        "blockers",
        report
            .locks
            .wanted
            .iter()
            .map(|wanted| blocker(dump, wanted))
            .collect(),
    );
    let groups = report
        .groups
        .iter()
        .map(|group| self::group(group, &names(&group.threads)));
    put("groups", groups.collect());
    let pools = report.starved.iter().map(|starved| {
        json!({"pool": starved.pool, "waiters": names(&starved.waiters), "suspects": names(&starved.suspects)})
    });
    put("pools", pools.collect());
    put("cpu", report.cpu.iter().map(cpu).collect());
    put("only_wait", names(&report.only_wait));
    let stuck = worked.series.stuck.iter().map(|stuck| {
        let row = &worked.series.rows[stuck.row];
        let cell = row.cells.last().copied().flatten();
        let thread = cell.map(|cell| &dump.threads[cell.thread]);
        json!({
            "thread": row.name,
            "dumps": stuck.dumps,
            "over_ms": millis(stuck.over),
            "cpu_ms": millis(stuck.cpu),
            "state": thread.map(|thread| thread.state.name()),
            "top": thread.and_then(|thread| thread.top()),
        })
    });
    put("stuck", stuck.collect());
    let followed = report.followed.iter();
    let followed = followed.map(|(thread, followed)| self::followed(dump, *thread, followed));
    put("followed", followed.collect());
    put(
        "findings",
        report
            .findings
            .iter()
            .map(|finding| self::finding(finding, taken))
            .collect(),
    );
}

/// What became of it; a text that somebody brought is whole or cut.
pub(super) fn status(taken: &Taken) -> &'static str {
    let is_cut = taken.dump.as_ref().map(|dump| dump.is_truncated);
    match (&taken.stored, is_cut) {
        (Some(stored), _) => stored.facts.status.name(),
        (None, Some(true)) => "truncated",
        (None, _) => "ok",
    }
}

pub(super) fn states(report: &Report) -> Value {
    let count = |state: &State| (state.name().to_owned(), json!(report.count(*state)));
    // Those that are always there, and what else there is.
    let always = [
        State::Blocked,
        State::Runnable,
        State::TimedWaiting,
        State::Waiting,
        State::Vm,
    ];
    let always = always.iter().map(count);
    Value::Object(always.chain(report.states.keys().map(count)).collect())
}

fn blocker(dump: &Dump, wanted: &Wanted) -> Value {
    let holder = wanted
        .holder
        .thread()
        .map(|thread| dump.threads[thread].called());
    let is_guess = wanted.holder.is_guess();
    json!({
        "thread": holder.as_ref().filter(|_| !is_guess),
        "guess": holder.as_ref().filter(|_| is_guess),
        "lock": wanted.lock.words(),
        "kind": wanted.kind.name(),
        "direct": wanted.waiters.len(),
        "total": wanted.total,
        "is_root": wanted.is_root,
    })
}

fn group(group: &Group, names: &Value) -> Value {
    json!({
        "count": group.threads.len(),
        "state": group.state.name(),
        "top": group.stack.frames().next(),
        "telling": group.stack.frames().find(|frame| frame::is_application(frame)),
        "name": group.name,
        "is_idle": group.is_idle,
        "threads": names,
    })
}

/// A thread that waits for another process, and for which; then for whom that waits.
fn followed(dump: &Dump, thread: usize, followed: &Followed) -> Value {
    fn one(followed: &Followed) -> Value {
        let way = followed.way.as_ref();
        json!({
            "over": followed.over.name(),
            "pid": followed.pid,
            "comm": followed.comm,
            "way": way.map(Way::name),
            "local": way.and_then(Way::local),
            "remote": way.and_then(Way::remote),
            "state": followed.state.map(String::from),
            "syscall": followed.call,
            "next": followed.next.as_deref().map(one),
        })
    }
    let mut object = one(followed);
    object["thread"] = json!(dump.threads[thread].called());
    object["summary"] = json!(followed.words());
    object
}

fn cpu(used: &CpuUse) -> Value {
    json!({
        "thread": used.name,
        "tid": used.tid,
        "cpu_ms": millis(Some(used.cpu)),
        "over_ms": millis(used.over),
        "wait_ms": millis(used.wait),
        "by": used.by.name(),
    })
}

pub(super) fn finding(finding: &Finding, taken: &Taken) -> Value {
    let parties = |parties: &[Party]| -> Value {
        parties
            .iter()
            .map(|party| self::party(party, taken))
            .collect()
    };
    let evidence = |evidence: &Evidence| {
        json!({
            "what": evidence.what,
            "at": taken.at,
            "value": evidence.value.map(rounded),
            "unit": evidence.unit,
            "threshold": evidence.threshold,
        })
    };
    json!({
        "kind": finding.kind,
        "dimension": finding.dimension,
        "resource": finding.resource,
        "severity": finding.severity.name(),
        "from": taken.at,
        "to": taken.at,
        "summary": finding.summary,
        "victims": parties(&finding.victims),
        "suspects": parties(&finding.suspects),
        "evidence": finding.evidence.iter().map(evidence).collect::<Vec<_>>(),
        "next": finding.next,
    })
}

fn party(party: &Party, taken: &Taken) -> Value {
    let comm = taken.stored.as_ref().map(|stored| &stored.facts.comm);
    json!({
        "type": "thread",
        "pid": taken.pid(),
        "started": Value::Null,
        "comm": comm.map(|comm| String::from_utf8_lossy(comm)),
        "cmdline": Value::Null,
        "name": party.name,
        "tid": party.tid,
        "score": party.score,
        "reasons": party.reasons,
    })
}

/// Milliseconds with the decimals that JVMs give.
pub(super) fn millis(time: Option<Duration>) -> Value {
    time.map_or(Value::Null, |time| json!(rounded(time.as_secs_f64() * 1e3)))
}

fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}
