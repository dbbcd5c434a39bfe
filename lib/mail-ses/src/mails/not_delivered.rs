//! A trading desktop that staff ordered could not be delivered; nothing was paid.

use domain::ids::OrderId;
use domain::order::Failure;

use crate::frame::Frame;
use crate::mails::{Rendered, pair};
use crate::settings::Settings;
use crate::words;

/// A place longer than this is cut.
const PLACE_CHARS_MAX: usize = 120;

/// What was ordered.
pub(crate) struct Vps<'a> {
    pub(crate) order: OrderId,
    pub(crate) mt5_account_id: &'a str,
    pub(crate) vps_name: Option<&'a str>,
    pub(crate) place: &'a str,
}

struct NotDelivered<'a> {
    frame: Frame<'a>,
    order: OrderId,
    account: &'a str,
    name: &'a str,
    place: String,
    why: &'static str,
    why_wrapped: String,
    order_page: Option<String>,
}

pair!(NotDelivered, "not_delivered.html", "not_delivered.txt");

pub(crate) fn render(
    settings: &Settings,
    vps: &Vps<'_>,
    failure: Failure,
) -> Result<Rendered, askama::Error> {
    let title = format!("The trading desktop for MT5 account {} could not be made", vps.mt5_account_id);
    let preview = "Nothing of it is left running, and the account is free for another try.".to_owned();
    let why = words::why_to_staff(failure);
    NotDelivered {
        frame: Frame::new(settings, title, preview),
        order: vps.order,
        account: vps.mt5_account_id,
        name: vps.vps_name.unwrap_or("(none)"),
        place: words::plain(vps.place, PLACE_CHARS_MAX),
        why,
        why_wrapped: words::wrapped(why, ""),
        order_page: settings.order_page(vps.order),
    }
    .render()
}
