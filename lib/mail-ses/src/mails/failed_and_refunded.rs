//! The order could not be delivered; the money goes back.

use domain::catalogue::{Os, Plan};
use domain::ids::OrderId;
use domain::money::Money;
use domain::order::Failure;

use crate::frame::Frame;
use crate::mails::{Rendered, pair};
use crate::settings::Settings;
use crate::words;

struct FailedAndRefunded<'a> {
    frame: Frame<'a>,
    order: OrderId,
    desktop: String,
    why: &'static str,
    why_wrapped: String,
    amount: Money,
    order_page: Option<String>,
}

pair!(FailedAndRefunded, "failed_and_refunded.html", "failed_and_refunded.txt");

pub(crate) fn render(
    settings: &Settings,
    order: OrderId,
    plan: Plan,
    os: Os,
    failure: Failure,
    amount: Money,
) -> Result<Rendered, askama::Error> {
    let title = format!("We could not deliver your {} desktop and are refunding {amount}", words::system(os));
    let preview = "We are sorry. Your money is on its way back; there is nothing you need to do.".to_owned();
    FailedAndRefunded {
        frame: Frame::new(settings, title, preview),
        order,
        desktop: words::desktop(plan, os),
        why: words::why(failure),
        why_wrapped: words::wrapped(words::why(failure), ""),
        amount,
        order_page: settings.order_page(order),
    }
    .render()
}
