//! Message bodies.

use app::ports::{CommandMessage, MailMessage, PaymentMessage};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The newest schema of message bodies that this program writes and reads.
const SCHEMA: u16 = 1;

/// A body that this program cannot read: the message goes back, and in the end to the dead letters.
#[derive(Debug, thiserror::Error)]
pub enum InvalidMessage {
    /// Not JSON of the expected shape.
    #[error("not a message of this queue")]
    Malformed(#[from] serde_json::Error),
    /// Written by a newer program.
    #[error("message schema {0} is newer than this program")]
    Newer(u16),
}

#[derive(Serialize)]
struct Written<'a, M> {
    v: u16,
    #[serde(flatten)]
    message: &'a M,
}

#[derive(Deserialize)]
struct Schema {
    v: u16,
}

/// The body of a message: one JSON object, such as `{"v":1,"type":"check_payment","reference":"pay-…-1"}`.
pub(crate) fn write<M: Serialize>(message: &M) -> Result<String, serde_json::Error> {
    serde_json::to_string(&Written { v: SCHEMA, message })
}

/// The schema is read first: what a newer program added is told apart from what is broken.
fn parse<M: DeserializeOwned>(body: &str) -> Result<M, InvalidMessage> {
    let Schema { v } = serde_json::from_str(body)?;
    if v > SCHEMA { Err(InvalidMessage::Newer(v)) } else { Ok(serde_json::from_str(body)?) }
}

/// Reads a body of the payment queue.
///
/// # Errors
/// `InvalidMessage` for anything that this program did not write.
pub fn parse_payment(body: &str) -> Result<PaymentMessage, InvalidMessage> {
    parse(body)
}

/// Reads a body of the mail queue.
///
/// # Errors
/// `InvalidMessage` for anything that this program did not write.
pub fn parse_mail(body: &str) -> Result<MailMessage, InvalidMessage> {
    parse(body)
}

/// Reads a body of the command queue.
///
/// # Errors
/// `InvalidMessage` for anything that this program did not write.
pub fn parse_command(body: &str) -> Result<CommandMessage, InvalidMessage> {
    parse(body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Timestamp;
    use domain::ids::{InstanceId, OrderId, PaymentId};

    fn instance() -> InstanceId {
        InstanceId::new(Timestamp::from_millisecond(1_790_000_000_000).unwrap(), 7)
    }

    #[test]
    fn bodies_are_written_as_agreed_and_read_back() {
        let check = PaymentMessage::CheckPayment { reference: "pay-01-1".to_owned() };
        let body = write(&check).unwrap();
        assert_eq!(body, r#"{"v":1,"type":"check_payment","reference":"pay-01-1"}"#);
        assert_eq!(parse_payment(&body).unwrap(), check);

        let event = PaymentMessage::GatewayEvent { event: "paystack#00ff".to_owned() };
        let body = write(&event).unwrap();
        assert_eq!(body, r#"{"v":1,"type":"gateway_event","event":"paystack#00ff"}"#);
        assert_eq!(parse_payment(&body).unwrap(), event);

        let payment = PaymentId::new(Timestamp::from_millisecond(1_790_000_000_000).unwrap(), 7);
        let refund = PaymentMessage::FollowRefund { payment };
        let body = write(&refund).unwrap();
        assert_eq!(body, format!(r#"{{"v":1,"type":"follow_refund","payment":"{payment}"}}"#));
        assert_eq!(parse_payment(&body).unwrap(), refund);

        let order = OrderId::new(Timestamp::from_millisecond(1_790_000_000_000).unwrap(), 7);
        for order in [Some(order), None] {
            let mail = MailMessage { mail: "ord_1.ready".to_owned(), order };
            assert_eq!(parse_mail(&write(&mail).unwrap()).unwrap(), mail);
        }

        let command = CommandMessage { instance: instance(), version: u64::MAX, nudge: 3 };
        let body = write(&command).unwrap();
        assert_eq!(
            body,
            format!(r#"{{"v":1,"instance":"{}","version":18446744073709551615,"nudge":3}}"#, instance())
        );
        assert_eq!(parse_command(&body).unwrap(), command);
    }

    #[test]
    fn a_body_of_a_newer_program_is_told_apart_from_a_broken_one() {
        let newer = r#"{"v":2,"type":"something_new"}"#;
        assert!(matches!(parse_payment(newer), Err(InvalidMessage::Newer(2))));
        for broken in
            ["", "{}", "[]", r#"{"v":1}"#, r#"{"v":"1"}"#, r#"{"v":1,"type":"other"}"#, r#"{"v":-1}"#]
        {
            assert!(matches!(parse_payment(broken), Err(InvalidMessage::Malformed(_))), "{broken}");
            assert!(parse_mail(broken).is_err(), "{broken}");
            assert!(parse_command(broken).is_err(), "{broken}");
        }
    }
}
