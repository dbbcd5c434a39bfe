//! Creates without a clear answer, and how their machines are found again.

use app::ports::{CreateCall, Trace, VmHost};
use domain::catalogue::Os;
use serde_json::json;

use crate::Subject;
use crate::orders;
use crate::outcome::{LOOKS, PAUSE, outcome};
use crate::world::World;

/// The machine is there although the create failed: everything it can be known by leads to it, alone and together.
pub async fn an_unclear_create_is_found_again_by_its_trace<H: VmHost>(subject: &Subject<H>) {
    let world = World::open(subject).await;
    for (n, fault) in (1..).zip(["fail_after_effect", "drop_after_effect"]) {
        for os in world.systems() {
            let n = n * 10 + u16::from(os == Os::Windows);
            let request = world.request(n, os);
            world.fault("create", fault, json!({})).await;
            let ended = world.host.create(&request).await;
            assert_eq!(outcome(&ended), "unclear", "{fault}");
            let whole = orders::trace(&request);
            let by_tag = Trace { names: Vec::new(), ..whole.clone() };
            let by_name = Trace { tag: orders::order(999).to_string(), ..whole.clone() };
            for trace in [&whole, &by_tag, &by_name] {
                let found = world.host.find(trace).await.expect("a list");
                assert_eq!(found.len(), 1, "{fault} {trace:?}: {found:?}");
                assert_eq!(found[0].name, request.name);
            }
            let other = orders::trace(&world.request(n + 500, os));
            assert_eq!(world.host.find(&other).await.expect("a list"), [], "{fault}");
        }
    }
    world.close().await;
}

/// The connection broke before the provider read the request: it may have acted, for all we know, but it has not.
pub async fn a_create_whose_request_was_lost_made_nothing<H: VmHost>(subject: &Subject<H>) {
    let world = World::open(subject).await;
    for fault in ["drop_before", "fail_before"] {
        let request = world.request(1, Os::Linux);
        world.fault("create", fault, json!({})).await;
        let ended = world.host.create(&request).await;
        assert!(["unclear", "busy"].contains(&outcome(&ended)), "{fault}: {}", outcome(&ended));
        assert_eq!(world.host.find(&orders::trace(&request)).await.expect("a list"), [], "{fault}");
        assert_eq!(world.machines().await.len(), 0, "{fault}");
    }
    let request = world.request(1, Os::Linux);
    world.host.create(&request).await.expect("the same create passes afterwards");
    assert_eq!(world.machines().await.len(), 1);
    world.close().await;
}

/// A gateway timed out, and the machine appears a while after the error.
pub async fn a_late_create_turns_up_later<H: VmHost>(subject: &Subject<H>) {
    let world = World::open(subject).await;
    let request = world.request(1, Os::Linux);
    world.fault("create", "late_create", json!({"delay_ms": 1500})).await;
    assert_eq!(outcome(&world.host.create(&request).await), "unclear");
    let trace = orders::trace(&request);
    assert_eq!(world.host.find(&trace).await.expect("a list"), []);
    for _ in 0..LOOKS {
        let found = world.host.find(&trace).await.expect("a list");
        if let Some(vm) = found.first() {
            assert_eq!((found.len(), &vm.name), (1, &request.name));
            return world.close().await;
        }
        tokio::time::sleep(PAUSE).await;
    }
    panic!("the machine never turned up");
}

/// A list that lags behind hides a young machine for a while and no longer.
pub async fn a_stale_list_only_delays<H: VmHost>(subject: &Subject<H>) {
    let world = World::open(subject).await;
    world.fault("list", "stale_list", json!({"times": 0})).await;
    let (request, made) = world.linux(1).await;
    assert_eq!(world.host.list(None, 50).await.expect("a page").0, [], "the list lags behind");
    let early = world.host.find(&orders::trace(&request)).await.expect("a list");
    assert!(early.iter().all(|vm| vm.id == made.vm.id), "{early:?}");
    world.lift_faults().await;
    let found = world.host.find(&orders::trace(&request)).await.expect("a list");
    assert_eq!(found.iter().map(|vm| &vm.id).collect::<Vec<_>>(), [&made.vm.id]);
    world.close().await;
}

/// The provider refuses a second machine of one name, or knows the call: its first machine is the answer.
pub async fn a_repeated_create_makes_no_second_machine_where_names_are_unique<H: VmHost>(
    subject: &Subject<H>,
) {
    let world = World::open(subject).await;
    if subject.one_machine_per_name {
        let (request, made) = world.linux(1).await;
        assert_eq!(world.host.create(&request).await.expect("the same machine").vm.id, made.vm.id);
        assert_eq!(world.machines().await.len(), 1);
        let other = world.request(2, Os::Linux);
        assert_ne!(world.host.create(&other).await.expect("another machine").vm.id, made.vm.id);
    }
    world.close().await;
}

/// Neither a tag nor a name is found by its beginning, and what is not ours is never found.
pub async fn only_ones_own_machines_are_found<H: VmHost>(subject: &Subject<H>) {
    let world = World::open(subject).await;
    world.stock(3).await;
    let (first, made) = world.linux(1).await;
    let mut twelfth = world.request(1, Os::Linux);
    twelfth.name = domain::vm::vm_name(orders::order(1), 12);
    twelfth.request_id = world.request(700, Os::Linux).request_id;
    // The tag of an order whose id only begins like ours.
    twelfth.tags = vec![format!("{}1", orders::order(1)), "nemordp".to_owned()];
    let twelfth_vm = world.host.create(&twelfth).await.expect("a machine").vm;
    let (_, other) = world.linux(2).await;

    let ids = |found: Vec<domain::vm::Vm>| found.into_iter().map(|vm| vm.id).collect::<Vec<_>>();
    let whole = orders::trace(&first);
    let by_tag = Trace { names: Vec::new(), calls: Vec::new(), ..whole.clone() };
    let by_name = Trace { tag: orders::order(999).to_string(), calls: Vec::new(), ..whole.clone() };
    for trace in [&whole, &by_name].into_iter().chain(subject.tags.then_some(&by_tag)) {
        let found = ids(world.host.find(trace).await.expect("a list"));
        assert_eq!(found.iter().collect::<Vec<_>>(), [&made.vm.id], "{trace:?}");
    }
    let both = Trace { names: vec![first.name.clone(), twelfth.name.clone()], ..whole };
    let found = ids(world.host.find(&both).await.expect("a list"));
    assert!(found.len() == 2 && found.contains(&twelfth_vm.id) && !found.contains(&other.vm.id), "{found:?}");
    let stranger = domain::vm::vm_name(orders::order(999), 1);
    let nobody = Trace {
        tag: orders::order(999).to_string(),
        names: vec![stranger.clone()],
        calls: vec![CreateCall { request_id: world.request(998, Os::Linux).request_id, name: stranger }],
        ..both
    };
    assert_eq!(world.host.find(&nobody).await.expect("a list"), []);
    world.close().await;
}
