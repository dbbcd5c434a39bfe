//! What one look at a provider leaves for the next.

use domain::Timestamp;
use domain::catalogue::Provider;
use domain::ids::{InstanceId, OrderId};
use domain::inventory::{
    Inventory, Listing, Memory, Report, Sighting, Tally, UnknownFound, name_mark, seen_mark,
};
use domain::vm::VmId;
use jiff::SignedDuration;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

/// Marks are stored between runs: those of another version of the program mean the same.
#[test]
fn a_machines_mark_is_the_beginning_of_its_ids_sha_256() {
    let vm = VmId("cb676a46-66fd-4dfb-b839-443f2e6c0b60".to_owned());
    assert_eq!(seen_mark(&vm), 0x191b_e9d8_a71d_4b61);
    assert_eq!(name_mark("web-1"), 0x905c_dad5_7412_21ed);
}

#[test]
fn what_was_seen_before_is_remembered_with_its_time() {
    let (vm, other) = (VmId("vm-1".to_owned()), VmId("vm-2".to_owned()));
    let (desktop, another) = (InstanceId::new(at(0), 1), InstanceId::new(at(0), 2));
    let memory = Memory {
        strangers: vec![Sighting { vm: vm.clone(), since: at(5) }],
        turned: Vec::new(),
        missing: vec![(desktop, at(7))],
    };
    assert_eq!((memory.first_seen(&vm), memory.first_seen(&other)), (Some(at(5)), None));
    assert_eq!((memory.missing_since(desktop), memory.missing_since(another)), (Some(at(7)), None));
}

#[test]
fn a_report_tells_how_long_the_oldest_unknown_attempt_has_waited() {
    let mut report = Report {
        began_at: at(0),
        complete_at: at(9),
        recorded: 0,
        tally: Tally::default(),
        unknown: Vec::new(),
        margins: Vec::new(),
    };
    assert_eq!(report.unknown_age(at(60)), SignedDuration::ZERO);
    let left = |number, since| UnknownFound { order: OrderId::new(at(0), 1), number, since: at(since) };
    report.unknown = vec![left(1, 30), left(2, 10), left(3, 50)];
    assert_eq!(report.unknown_age(at(60)), SignedDuration::from_secs(50));
}

#[test]
fn a_provider_that_was_never_looked_at_begins_its_first_listing() {
    let fresh = Inventory::new(Provider::Linode);
    assert_eq!((fresh.provider, fresh.version, fresh.listing.number), (Provider::Linode, 0, 1));
    assert_eq!(fresh.listing, Listing::fresh(1));
    assert!(fresh.report.is_none() && fresh.looked_at.is_none() && fresh.held_until.is_none());
}
