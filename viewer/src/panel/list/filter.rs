//! The field that says which lines of a list are shown.

use crate::command::{Command, ListCommand};
use crate::state::lists::ListView;
use crate::state::{Focus, State};
use afterimage_analysis::lists::{List, ListId};
use egui::{Id, TextEdit, Ui, WidgetInfo};

/// Draws it.
pub(super) fn show(
    ui: &mut Ui,
    state: &State,
    known: Option<(&List, &ListView)>,
    id: ListId,
    out: &mut Vec<Command>,
) {
    let Some((list, view)) = known else { return };
    let hint = match id {
        ListId::Waits => "Filter (/):  fsync  how:D  for>5s",
        ListId::Sockets => "Filter (/):  :443  state:close-wait  age>1m",
        _ => "Filter (/)",
    };
    let mut text = view.filter.clone();
    let field = TextEdit::singleline(&mut text)
        .id(Id::unique(("filter of a list", id.key())))
        .hint_text(hint)
        .desired_width(ui.available_width() - 8.0);
    let response = ui.add(field);
    response.widget_info(|| WidgetInfo {
        label: Some("Filter of the list".to_owned()),
        ..WidgetInfo::text_edit(true, view.filter.as_str(), text.as_str(), hint)
    });
    if state.focus == Some(Focus::List) {
        response.request_focus();
        out.push(Command::FocusTaken);
    }
    if text != view.filter {
        out.push(Command::List(id, ListCommand::Filter(text)));
    }
    let columns = list.columns.iter().map(|column| column.key);
    let columns = columns.collect::<Vec<_>>().join(", ");
    response.on_hover_text(format!(
        "Words, and conditions on columns such as pid:7 or {}: all must be so; not: before one \
         turns it round. Columns: {columns}.",
        match id {
            ListId::Waits => "for>5s",
            _ => "age>1m",
        }
    ));
}
