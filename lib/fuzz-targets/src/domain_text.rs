//! Names and ids, which come back in paths, cursors, machine names and gateway references.

use std::fmt::Display;

use domain::customer::{CustomerId, Email};
use domain::first_boot::parse_digest;
use domain::ids::{AuditId, InstanceId, InvalidId, OrderId, PaymentId, TicketId};
use domain::payment::Payment;
use domain::trading::Mt5AccountId;
use domain::vm::{host_name, linux_user, parse_vm_name, vm_name};

/// Any text: what is read of it prints back, so nothing has two spellings.
pub(crate) fn run(bytes: &[u8]) {
    let text = &*String::from_utf8_lossy(bytes);
    prints_back(text, OrderId::parse);
    prints_back(text, PaymentId::parse);
    prints_back(text, InstanceId::parse);
    prints_back(text, TicketId::parse);
    prints_back(text, AuditId::parse);
    if let Some((order, attempt)) = parse_vm_name(text) {
        assert_eq!(vm_name(order, attempt), text);
        assert!(host_name(order, attempt).len() <= 15 && linux_user(order).len() <= 20);
    }
    if let Some((id, number)) = Payment::parse_reference(text) {
        assert_eq!(format!("pay-{}-{number}", id.bare()), text);
    }
    for digits in [40, 64] {
        if let Some(digest) = parse_digest(text, digits) {
            assert_eq!(parse_digest(&digest, digits), Some(digest));
        }
    }
    if let Ok(email) = Email::parse(text) {
        assert!(!email.as_str().contains(|c: char| c.is_control() || c.is_whitespace()), "{email:?}");
        assert!(Email::parse(email.as_str()).is_ok());
    }
    if let Ok(customer) = CustomerId::parse(text) {
        assert_eq!(customer.as_str(), text);
    }
    if let Ok(account) = Mt5AccountId::parse(text) {
        assert!(Mt5AccountId::parse(account.as_str()).is_ok_and(|again| again == account));
    }
}

fn prints_back<T: Display>(text: &str, parse: impl Fn(&str) -> Result<T, InvalidId>) {
    if let Ok(id) = parse(text) {
        assert_eq!(id.to_string(), text);
    }
}
