//! Payment received, or staff have ordered: the desktop is being made.

use domain::Timestamp;
use domain::catalogue::{Os, Plan};
use domain::ids::OrderId;

use crate::frame::Frame;
use crate::mails::{Rendered, pair};
use crate::settings::Settings;
use crate::words;

struct Started<'a> {
    frame: Frame<'a>,
    order: OrderId,
    desktop: String,
    ready_at: Option<String>,
    paid: bool,
    order_page: Option<String>,
}

pair!(Started, "started.html", "started.txt");

pub(crate) fn render(
    settings: &Settings,
    order: OrderId,
    plan: Plan,
    os: Os,
    ready_at: Option<Timestamp>,
    paid: bool,
) -> Result<Rendered, askama::Error> {
    let title = format!("Your {} desktop is being set up", words::system(os));
    let ready_at = ready_at.map(words::moment);
    let arrived = if paid { "Your payment has arrived." } else { "Your order has been taken on." };
    let preview = match &ready_at {
        Some(at) => format!("{arrived} It should be ready around {at}."),
        None => format!("{arrived} Your sign-in details come in the next mail."),
    };
    Started {
        frame: Frame::new(settings, title, preview),
        order,
        desktop: words::desktop(plan, os),
        ready_at,
        paid,
        order_page: settings.order_page(order),
    }
    .render()
}
