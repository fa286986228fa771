//! Orders and filters of lists made by hand.

use super::*;
use afterimage_analysis::machine::Absent;

fn line(comm: &str, percent: f64, size: Field) -> Line {
    let mut fields = vec![Field::Empty; ListId::FileSystems.columns().len()];
    fields[0] = Field::Text(comm.into());
    fields[1] = Field::Number(percent);
    fields[3] = size;
    Line {
        fields,
        ..Line::default()
    }
}

fn list() -> List {
    const MIB: f64 = 1_048_576.0;
    List {
        id: ListId::FileSystems,
        columns: ListId::FileSystems.columns(),
        lines: vec![
            line("/var", 50.0, Field::Number(5.0 * MIB)),
            line("/", 99.0, Field::Absent(Absent::NoStep)),
            line("/srv/Data", 7.0, Field::AtLeast(700.0 * MIB)),
        ],
        note: None,
    }
}

fn shown(sort: Option<(&'static str, bool)>, filter: &str) -> Vec<u32> {
    let mut view = ListView {
        sort,
        filter: filter.to_owned(),
        ..ListView::default()
    };
    view.arrange(&list());
    view.lines
}

#[test]
fn what_is_absent_comes_last_whichever_way_round() {
    assert_eq!(shown(None, ""), [0, 1, 2]);
    assert_eq!(shown(Some(("use_percent", true)), ""), [1, 0, 2]);
    assert_eq!(shown(Some(("available_bytes", true)), ""), [2, 0, 1]);
    assert_eq!(shown(Some(("available_bytes", false)), ""), [0, 2, 1]);
    assert_eq!(shown(Some(("mounted_on", false)), ""), [1, 2, 0]);
}

#[test]
fn words_and_conditions_must_all_be_so() {
    for (filter, expected) in [
        ("data", &[2][..]),
        ("mounted_on:data", &[2]),
        ("mountedon:data", &[2]),
        ("not:mounted_on:data", &[0, 1]),
        ("used%>=50", &[0, 1]),
        ("use_percent<8 data", &[2]),
        ("use_percent:99", &[1]),
        ("available>10M", &[2]),
        ("available<=5MiB", &[0]),
        ("nothing:like:this", &[]),
        ("no_such_column>3", &[]),
        ("used%>", &[]),
    ] {
        assert_eq!(shown(None, filter), expected, "{filter}");
    }
}

#[test]
fn a_heading_sorts_then_turns_round_and_then_leaves_it_as_it_came() {
    let mut view = ListView::default();
    let columns = ListId::FileSystems.columns();
    let mut pressed = |key| {
        view.sort_by(columns, key);
        view.sort
    };
    assert_eq!(pressed("use_percent"), Some(("use_percent", true)));
    assert_eq!(pressed("use_percent"), Some(("use_percent", false)));
    assert_eq!(pressed("use_percent"), None);
    assert_eq!(pressed("mounted_on"), Some(("mounted_on", false)));
    assert_eq!(pressed("type"), Some(("type", false)));
    assert_eq!(pressed("no such column"), Some(("type", false)));
}
