//! The machine was lost at the provider: another one is made.

use domain::Timestamp;
use domain::catalogue::{Os, Plan};
use domain::ids::OrderId;

use crate::frame::Frame;
use crate::mails::{Rendered, pair};
use crate::settings::Settings;
use crate::words;

struct Rebuilding<'a> {
    frame: Frame<'a>,
    order: OrderId,
    desktop: String,
    deadline: String,
    order_page: Option<String>,
}

pair!(Rebuilding, "rebuilding.html", "rebuilding.txt");

pub(crate) fn render(
    settings: &Settings,
    order: OrderId,
    plan: Plan,
    os: Os,
    deadline: Timestamp,
) -> Result<Rendered, askama::Error> {
    let title = format!("Your {} desktop was lost, and is being made anew", words::system(os));
    let deadline = words::moment(deadline);
    let preview = format!("It works again by {deadline}, or you get your money back.");
    Rebuilding {
        frame: Frame::new(settings, title, preview),
        order,
        desktop: words::desktop(plan, os),
        deadline,
        order_page: settings.order_page(order),
    }
    .render()
}
