//! Which mails can be refused, and when one that did not go out is tried again.

use domain::Timestamp;
use domain::mail::{ATTEMPTS_MAX, Mail, MailKind, MailStatus};

#[test]
fn only_what_is_said_elsewhere_too_can_be_switched_off() {
    let optional: Vec<MailKind> = MailKind::ALL.iter().copied().filter(|kind| kind.optional()).collect();
    assert_eq!(optional, [MailKind::Started, MailKind::Receipt]);
}

#[test]
fn each_try_waits_twice_as_long_up_to_an_hour() {
    let at = Timestamp::from_second(1_790_000_000).unwrap();
    let owed = Mail::alert("ord-1", "refund", "The gateway refuses.".to_owned(), None, at);
    assert_eq!(
        (owed.id.as_str(), owed.status, owed.next_at),
        ("ord-1.alert.refund", MailStatus::Pending, at)
    );
    let waits: Vec<i64> =
        (0..=ATTEMPTS_MAX).map(|attempts| Mail { attempts, ..owed.clone() }.back_off_seconds()).collect();
    assert_eq!(waits, [30, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600, 3600, 3600]);
}
