//! Looking at machines: one, many, none.

use std::collections::BTreeSet;

use app::ports::{Deleted, ResetPassword, VmError, VmHost};
use domain::catalogue::Os;
use domain::secret::Secret;
use domain::vm::{VmId, VmState};
use serde_json::json;

use crate::Subject;
use crate::orders::{self, PASSWORD};
use crate::outcome::{outcome, persist};
use crate::world::{World, bare};

/// Pages that a list may take here.
const PAGES_MAX: usize = 60;

/// A read is repeated by itself; only what stays broken is reported.
pub async fn reads_survive_a_failure<H: VmHost>(subject: &Subject<H>) {
    let world = World::open(subject).await;
    let (request, made) = world.linux(1).await;
    for fault in ["fail_before", "drop_before", "drop_after_effect", "rate_limited"] {
        world.fault("get", fault, json!({})).await;
        let got = world.host.get(&made.vm.id).await;
        assert_eq!(outcome(&got), "done", "{fault}");
        world.fault("list", fault, json!({})).await;
        let listed = world.host.list(None, 50).await;
        assert_eq!(listed.expect("a page").0.len(), 1, "{fault}");
    }
    world.lift_faults().await;
    world.fault("list", "fail_before", json!({"times": 0})).await;
    let found = world.host.find(&orders::trace(&request)).await;
    assert_eq!(outcome(&found), "unclear", "to find nothing would be a lie");
    world.close().await;
}

/// A proxy's page says nothing of a machine, whatever its status: it is neither gone nor the only one. Where it says
/// that something is broken, the read is repeated.
pub async fn a_page_of_a_proxy_is_no_answer<H: VmHost>(subject: &Subject<H>) {
    let world = World::open(subject).await;
    let (request, made) = world.linux(1).await;
    for operation in ["get", "list"] {
        world.fault(operation, "html_answer", json!({"times": 0})).await;
    }
    assert_eq!(outcome(&world.host.get(&made.vm.id).await), "unclear");
    assert_eq!(outcome(&world.host.list(None, 50).await), "unclear");
    assert_eq!(outcome(&world.host.find(&orders::trace(&request)).await), "unclear");
    world.lift_faults().await;
    for operation in ["get", "list"] {
        world.fault(operation, "html_answer", json!({"status": 502})).await;
    }
    assert_eq!(outcome(&world.host.get(&made.vm.id).await), "done");
    assert_eq!(world.host.list(None, 50).await.expect("a page").0.len(), 1);
    world.close().await;
}

/// It proves nothing, and it is no error.
pub async fn an_unknown_state_is_kept<H: VmHost>(subject: &Subject<H>) {
    let world = World::open(subject).await;
    let (_, made) = world.linux(1).await;
    world.until(&made.vm.id, &VmState::Running).await;
    world.fault("get", "unknown_status", json!({})).await;
    let state = world.host.get(&made.vm.id).await.expect("a machine").vm.state;
    assert!(matches!(&state, VmState::Unknown(word) if !word.is_empty()), "{state:?}");
    world.fault("list", "unknown_status", json!({})).await;
    let listed = world.host.list(None, 50).await.expect("a page").0;
    assert!(matches!(&listed[0].state, VmState::Unknown(word) if !word.is_empty()), "{listed:?}");
    world.close().await;
}

/// Each machine once, however small the pages, ours and others'.
pub async fn the_inventory_is_listed_completely_and_once_over_many_pages<H: VmHost>(subject: &Subject<H>) {
    let world = World::open(subject).await;
    let limit = subject.smallest_page.max(5);
    let mut expected: BTreeSet<String> = world.stock(usize::from(limit) * 2 + 2).await.into_iter().collect();
    expected.insert(bare(&world.linux(1).await.1.vm.id.0).to_owned());
    let (mut seen, mut cursor, mut pages) = (Vec::new(), None, 0);
    loop {
        let (page, next) = world.host.list(cursor.as_deref(), limit).await.expect("a page");
        assert!(page.len() <= usize::from(limit), "{} in a page of {limit}", page.len());
        seen.extend(page.iter().map(|vm| bare(&vm.id.0).to_owned()));
        pages += 1;
        assert!(pages < PAGES_MAX, "a list without end");
        match next {
            Some(next) => cursor = Some(next),
            None => break,
        }
    }
    assert!(pages >= 3, "{pages} pages");
    assert_eq!(seen.len(), expected.len(), "a machine is missing or stands twice");
    assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), expected);
    world.close().await;
}

/// `NotFound`, and for a delete: gone already.
pub async fn calls_on_an_unknown_machine_say_so<H: VmHost>(subject: &Subject<H>) {
    let world = World::open(subject).await;
    let id = VmId(subject.unknown_id.to_owned());
    assert_eq!(outcome(&world.host.get(&id).await), "not found");
    if world.able.power {
        assert_eq!(outcome(&world.host.reboot(&id).await), "not found");
        assert_eq!(outcome(&world.host.start(&id).await), "not found");
        assert_eq!(outcome(&world.host.halt(&id).await), "not found");
    }
    if world.able.reinstall {
        let again = orders::reinstall(&world.request(1, Os::Linux));
        assert_eq!(outcome(&world.host.reinstall(&id, &again).await), "not found");
    }
    if world.able.reset_password != ResetPassword::No {
        let password = Secret::new(PASSWORD.to_owned());
        assert_eq!(outcome(&world.host.reset_password(&id, &password).await), "not found");
    }
    if world.able.traffic {
        assert_eq!(outcome(&world.host.traffic(&id, 7).await), "not found");
    }
    assert_eq!(persist(|| world.host.delete(&id)).await.expect("gone already"), Deleted::Gone);
    world.close().await;
}

/// Whatever stands in such an id, it leads to no other machine and to no other path.
pub async fn a_malformed_id_is_refused_without_a_call<H: VmHost>(subject: &Subject<H>) {
    let world = World::open(subject).await;
    world.linux(1).await;
    let before = world.acts().await;
    let again = orders::reinstall(&world.request(1, Os::Linux));
    for id in subject.malformed_ids.iter().chain(&["", ".."]) {
        let id = VmId((*id).to_owned());
        let mut ends =
            vec![("get", world.host.get(&id).await.err()), ("delete", world.host.delete(&id).await.err())];
        if world.able.power {
            ends.push(("reboot", world.host.reboot(&id).await.err()));
            ends.push(("start", world.host.start(&id).await.err()));
            ends.push(("halt", world.host.halt(&id).await.err()));
        }
        if world.able.reinstall {
            ends.push(("reinstall", world.host.reinstall(&id, &again).await.err()));
        }
        for (call, ended) in ends {
            let refused = matches!(ended, Some(VmError::Refused(_) | VmError::NotFound));
            assert!(refused, "{call} of {id:?}: {ended:?}");
        }
    }
    assert_eq!(world.acts().await, before, "something was sent");
    assert_eq!(world.machines().await.len(), 1);
    world.close().await;
}
