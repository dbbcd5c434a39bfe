//! To the operator: something needs a person.

use domain::ids::OrderId;

use crate::frame::Frame;
use crate::mails::{Rendered, pair};
use crate::settings::Settings;
use crate::words;

/// A note longer than this is cut: the log has the rest.
const NOTE_CHARS_MAX: usize = 2000;

/// What of the note stands in the subject.
const SUBJECT_CHARS_MAX: usize = 90;

struct OperatorAlert<'a> {
    frame: Frame<'a>,
    order: Option<OrderId>,
    note: String,
    note_wrapped: String,
}

pair!(OperatorAlert, "operator_alert.html", "operator_alert.txt");

pub(crate) fn render(
    settings: &Settings,
    order: Option<OrderId>,
    note: &str,
) -> Result<Rendered, askama::Error> {
    let title = format!("Needs a person: {}", words::plain(note, SUBJECT_CHARS_MAX));
    let preview = order.map_or_else(|| "No single order is concerned.".to_owned(), |o| format!("Order {o}."));
    let note = words::plain(note, NOTE_CHARS_MAX);
    OperatorAlert {
        frame: Frame::new(settings, title, preview),
        order,
        note_wrapped: words::wrapped(&note, "  "),
        note,
    }
    .render()
}
