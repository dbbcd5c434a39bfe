//! What the operator chose, and the addresses that follow from it.

use domain::customer::Email;
use domain::ids::{InstanceId, OrderId};

/// Who sends, who answers, and where customers find their things.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The sender; SES must know it as verified.
    pub from: Email,
    /// Receives the alerts, and the answers to every mail.
    pub operator: Email,
    /// The shop's name, as the sender's display name and in the text.
    pub brand: String,
    /// Origin of the dashboard, such as `https://desk.example.com`. Without one (or when empty) the mails name
    /// the API's paths. A desktop's page is `{site_url}/instances/{id}`, an order's `{site_url}/orders/{id}`.
    pub site_url: Option<String>,
}

impl Settings {
    /// The page of one desktop, when there is a dashboard.
    pub(crate) fn desktop_page(&self, instance: InstanceId) -> Option<String> {
        self.site().map(|site| format!("{site}/instances/{instance}"))
    }

    /// The page of one order, when there is a dashboard.
    pub(crate) fn order_page(&self, order: OrderId) -> Option<String> {
        self.site().map(|site| format!("{site}/orders/{order}"))
    }

    fn site(&self) -> Option<&str> {
        let site = self.site_url.as_deref()?.trim().trim_end_matches('/');
        (!site.is_empty()).then_some(site)
    }
}
