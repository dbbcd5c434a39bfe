//! A receipt for the money received.

use domain::Timestamp;
use domain::catalogue::{Os, Plan, Specs};
use domain::ids::OrderId;
use domain::money::Money;

use crate::frame::Frame;
use crate::mails::{Rendered, pair};
use crate::settings::Settings;
use crate::words;

/// The payment.
pub(crate) struct Paid<'a> {
    pub(crate) amount: Money,
    pub(crate) reference: &'a str,
    pub(crate) at: Timestamp,
}

struct Receipt<'a> {
    frame: Frame<'a>,
    order: OrderId,
    desktop: String,
    specs: Vec<String>,
    amount: Money,
    reference: String,
    paid_at: String,
    order_page: Option<String>,
}

pair!(Receipt, "receipt.html", "receipt.txt");

pub(crate) fn render(
    settings: &Settings,
    order: OrderId,
    plan: Plan,
    os: Os,
    specs: Option<&Specs>,
    paid: &Paid<'_>,
) -> Result<Rendered, askama::Error> {
    let desktop = words::desktop(plan, os);
    let title = format!("Receipt: {} for your {desktop}", paid.amount);
    let preview = format!("Paid at {}. Order {order}.", words::moment(paid.at));
    Receipt {
        frame: Frame::new(settings, title, preview),
        order,
        desktop,
        specs: specs.map(words::specs).unwrap_or_default(),
        amount: paid.amount,
        reference: words::plain(paid.reference, 120),
        paid_at: words::moment(paid.at),
        order_page: settings.order_page(order),
    }
    .render()
}
