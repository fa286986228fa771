//! The stacks of a dump, merged from their outermost frames on: how many threads are in what.
//!
//! A row of frames that all the same threads are in is one node, so that the thirty frames of a
//! web server before the first line of the application are one step.

use afterimage_analysis::dumps::frame;
use afterimage_analysis::dumps::model::Dump;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// Stacks are followed for so many frames.
const DEEPEST: usize = 512;

/// A row of frames that the same threads are in.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CallNode {
    /// The frames, outermost first; none for the root.
    pub frames: Vec<Arc<str>>,
    /// The nodes within it, the one with most threads first.
    pub children: Vec<usize>,
    /// The threads that are in it.
    pub threads: usize,
    /// Those of them that are idle.
    pub idle: usize,
    /// CPU of the threads that are in it.
    pub cpu: Duration,
}

/// Merged stacks; the first node is the root.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CallTree {
    /// Every node; those within another come after it.
    pub nodes: Vec<CallNode>,
}

impl CallNode {
    /// The frame that says what it is about.
    pub fn telling(&self) -> Option<&str> {
        telling(|| self.frames.iter().rev().map(|frame| &**frame))
    }

    /// Whether it has code of the application.
    pub fn is_application(&self) -> bool {
        self.frames.iter().any(|name| frame::is_application(name))
    }
}

/// Of frames, innermost first, the one that says what they are about: the first of the application;
/// else the first that is no runtime's; else the first.
pub fn telling<'f, I: Iterator<Item = &'f str>>(frames: impl Fn() -> I) -> Option<&'f str> {
    let application = frames().find(|name| frame::is_application(name));
    let library = || frames().find(|name| !frame::is_runtime(name));
    application.or_else(library).or_else(|| frames().next())
}

/// A node of one frame.
#[derive(Debug, Default)]
struct Single<'d> {
    frame: Option<&'d Arc<str>>,
    children: Vec<usize>,
    by_frame: HashMap<&'d str, usize>,
    threads: usize,
    idle: usize,
    cpu: Duration,
    /// Whether a stack ends here.
    is_end: bool,
}

impl CallTree {
    /// The tree of a dump; `cpu` says how much each of its threads used.
    pub fn of(dump: &Dump, cpu: impl Fn(usize) -> Duration) -> Self {
        let mut singles = vec![Single::default()];
        for (place, thread) in dump.threads.iter().enumerate() {
            let frames = &thread.stack.0;
            if frames.is_empty() {
                continue;
            }
            let (idle, cpu) = (usize::from(frame::is_idle(thread)), cpu(place));
            let mut at = 0;
            add(&mut singles[at], idle, cpu);
            for frame in frames.iter().rev().take(DEEPEST) {
                let next = singles.len();
                let child = *singles[at].by_frame.entry(frame).or_insert(next);
                if child == next {
                    singles[at].children.push(next);
                    singles.push(Single {
                        frame: Some(frame),
                        ..Single::default()
                    });
                }
                at = child;
                add(&mut singles[at], idle, cpu);
            }
            singles[at].is_end = true;
        }
        merged(&singles)
    }
}

fn add(single: &mut Single<'_>, idle: usize, cpu: Duration) {
    single.threads += 1;
    single.idle += idle;
    single.cpu += cpu;
}

/// Puts frames together that have the same threads, without recursion: a stack may be deep.
fn merged(singles: &[Single<'_>]) -> CallTree {
    let mut tree = CallTree::default();
    // A node of one frame, and the place of the merged node that it is within.
    let mut left: Vec<(usize, Option<usize>)> = vec![(0, None)];
    while let Some((mut at, within)) = left.pop() {
        let place = tree.nodes.len();
        let mut frames: Vec<Arc<str>> = singles[at].frame.into_iter().cloned().collect();
        while let ([only], false, true) =
            (singles[at].children.as_slice(), singles[at].is_end, at != 0)
        {
            at = *only;
            frames.extend(singles[at].frame.cloned());
        }
        let single = &singles[at];
        tree.nodes.push(CallNode {
            frames,
            children: Vec::new(),
            threads: single.threads,
            idle: single.idle,
            cpu: single.cpu,
        });
        if let Some(within) = within {
            tree.nodes[within].children.push(place);
        }
        let mut children = single.children.clone();
        children.sort_by_key(|child| singles[*child].threads);
        left.extend(children.into_iter().map(|child| (child, Some(place))));
    }
    tree
}

#[cfg(test)]
mod tests {
    use super::*;
    use afterimage_analysis::dumps::read;

    const DUMP: &str = "goroutine 1 [running]:\nmain.inner()\n\t/a.go:1\nmain.outer()\n\t/a.go:2\nmain.main()\n\t/a.go:3\n\n\
        goroutine 2 [select]:\nmain.other()\n\t/a.go:4\nmain.outer()\n\t/a.go:2\nmain.main()\n\t/a.go:3\n\n\
        goroutine 3 [select]:\nmain.other()\n\t/a.go:4\nmain.outer()\n\t/a.go:2\nmain.main()\n\t/a.go:3\n\n";

    #[test]
    fn frames_of_the_same_threads_are_one_node() {
        let dump = read(DUMP).dumps.remove(0);
        let tree = CallTree::of(&dump, |place| Duration::from_millis(place as u64));
        let told: Vec<(usize, usize, u128, usize)> = tree
            .nodes
            .iter()
            .map(|node| {
                (
                    node.frames.len(),
                    node.threads,
                    node.cpu.as_millis(),
                    node.children.len(),
                )
            })
            .collect();
        // The root; main and outer; the two that are in `other`, who used 1 and 2 ms; the one in
        // `inner`.
        assert_eq!(
            told,
            [(0, 3, 3, 1), (2, 3, 3, 2), (1, 2, 3, 0), (1, 1, 0, 0)]
        );
        assert!(
            tree.nodes[1]
                .telling()
                .is_some_and(|frame| frame.contains("outer"))
        );
    }
}
