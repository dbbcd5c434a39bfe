//! What an order's movements of money add up to.

use domain::Timestamp;
use domain::customer::CustomerId;
use domain::ids::OrderId;
use domain::ledger::{EntryKind as K, LedgerEntry, balance};
use domain::money::{Currency, Money};

fn moved(kind: K, minor: i64, currency: Currency) -> LedgerEntry {
    let at = Timestamp::from_second(1_790_000_000).unwrap();
    LedgerEntry {
        order: OrderId::new(at, 1),
        customer: CustomerId::parse("ada").unwrap(),
        kind,
        amount: Money::new(minor, currency),
        reference: "T-1".to_owned(),
        at,
    }
}

#[test]
fn everything_but_the_gateways_share_is_added_up() {
    use Currency::{Ngn, Usd};
    let dollars = |minor| Some(Money::new(minor, Usd));
    assert_eq!(balance(&[], Usd), dollars(0));
    let paid = [moved(K::Charge, 2_900, Usd), moved(K::Fee, -99, Usd), moved(K::Credit, 50, Usd)];
    assert_eq!(balance(&paid, Usd), dollars(2_950));
    let returned = [moved(K::Charge, 2_900, Usd), moved(K::Refund, -2_900, Usd), moved(K::Fee, -99, Usd)];
    assert_eq!(balance(&returned, Usd), dollars(0));
    let disputed = [moved(K::Charge, 2_900, Usd), moved(K::Dispute, -3_000, Usd)];
    assert_eq!(balance(&disputed, Usd), dollars(-100));
    // The gateway's share is between it and us, whatever it counts in.
    assert_eq!(balance(&[moved(K::Charge, 5, Usd), moved(K::Fee, -1, Ngn)], Usd), dollars(5));
}

#[test]
fn what_cannot_be_added_is_no_balance() {
    use Currency::{Ngn, Usd};
    assert_eq!(balance(&[moved(K::Charge, 5, Usd), moved(K::Charge, 5, Ngn)], Usd), None);
    assert_eq!(balance(&[moved(K::Charge, i64::MAX, Usd), moved(K::Charge, 1, Usd)], Usd), None);
}
