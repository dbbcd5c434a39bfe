//! No provider can make the desktop just now: it waits, and the promise holds.

use domain::Timestamp;
use domain::catalogue::{Os, Plan};
use domain::ids::OrderId;

use crate::frame::Frame;
use crate::mails::{Rendered, pair};
use crate::settings::Settings;
use crate::words;

struct Delayed<'a> {
    frame: Frame<'a>,
    order: OrderId,
    desktop: String,
    deadline: String,
    order_page: Option<String>,
}

pair!(Delayed, "delayed.html", "delayed.txt");

pub(crate) fn render(
    settings: &Settings,
    order: OrderId,
    plan: Plan,
    os: Os,
    deadline: Timestamp,
) -> Result<Rendered, askama::Error> {
    let title = format!("Your {} desktop takes longer than usual", words::system(os));
    let deadline = words::moment(deadline);
    let preview = format!("It works by {deadline}, or you get your money back.");
    Delayed {
        frame: Frame::new(settings, title, preview),
        order,
        desktop: words::desktop(plan, os),
        deadline,
        order_page: settings.order_page(order),
    }
    .render()
}
