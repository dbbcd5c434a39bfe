//! Refusals, told apart as the port says, without a word of any secret.

use app::ports::{VmError, VmHost};
use domain::catalogue::Os;
use domain::vm::VmId;
use serde_json::json;

use crate::Subject;
use crate::orders::{self, PASSWORD};
use crate::outcome::{all_words, kind, outcome};
use crate::world::World;

/// A fault of a create, and the kinds of error that it may be.
const ENDINGS: &[(&str, &[&str])] = &[
    ("out_of_stock", &["out of stock"]),
    ("quota", &["quota"]),
    ("unauthorized", &["unauthorized"]),
    ("refuse", &["refused"]),
    ("rate_limited", &["busy"]),
    ("html_answer", &["unclear"]),
    ("fail_before", &["unclear"]),
    ("drop_before", &["unclear", "busy"]),
];

/// In every case nothing was made, and a later create passes.
pub async fn every_refusal_of_a_create_is_told_apart_and_makes_nothing<H: VmHost>(subject: &Subject<H>) {
    let world = World::open(subject).await;
    let request = world.request(1, Os::Linux);
    for (fault, expected) in ENDINGS {
        // Until it is lifted: a client may ask for another token after a 401, and then once more.
        world.fault("create", fault, json!({"times": 0})).await;
        let ended = world.host.create(&request).await;
        let Err(error) = ended else { panic!("{fault}: a machine was made") };
        assert!(expected.contains(&kind(&error)), "{fault}: {} {error}", kind(&error));
        if let (VmError::Busy { retry_after }, "rate_limited") = (&error, *fault) {
            assert_eq!(retry_after.is_some(), subject.tells_retry_after, "{retry_after:?}");
        }
        assert_eq!(world.host.find(&orders::trace(&request)).await.expect("a list"), [], "{fault}");
        assert_eq!(world.machines().await.len(), 0, "{fault}");
        world.lift_faults().await;
    }
    world.host.create(&request).await.expect("a machine");
    assert_eq!(world.machines().await.len(), 1);
    world.close().await;
}

/// Not in its text, not in its debug form, not in what is underneath.
pub async fn no_error_tells_a_secret<H: VmHost>(subject: &Subject<H>) {
    let world = World::open(subject).await;
    let mut secrets = (subject.secrets)(&world.config);
    secrets.push(PASSWORD.to_owned());
    let request = world.request(1, Os::Linux);
    let again = orders::reinstall(&request);
    let id = VmId(subject.unknown_id.to_owned());
    for (fault, _) in ENDINGS {
        let mut errors = Vec::new();
        for operation in ["create", "get", "list", subject.delete] {
            // A read is repeated: only a fault that stays makes it fail.
            if *fault != "out_of_stock" && *fault != "quota" || operation == "create" {
                world.fault(operation, fault, json!({"times": 0})).await;
            }
        }
        errors.extend(world.host.create(&request).await.err());
        errors.extend(world.host.get(&id).await.err());
        errors.extend(world.host.list(None, 50).await.err());
        errors.extend(world.host.delete(&id).await.err());
        errors.extend(world.host.reinstall(&id, &again).await.err());
        world.lift_faults().await;
        assert!(!errors.is_empty(), "{fault} struck nothing");
        for error in errors {
            let words = all_words(&error);
            assert!(
                !secrets.iter().any(|secret| words.contains(secret.as_str())),
                "{fault}: {}",
                kind(&error)
            );
        }
    }
    world.close().await;
}

/// Also a delete: a machine is not gone because nobody may look at it. The sentence speaks of the key.
pub async fn a_wrong_key_is_unauthorized_everywhere<H: VmHost>(subject: &Subject<H>) {
    let world = World::open(subject).await;
    let (request, made) = world.linux(1).await;
    let stranger = world.stranger();
    let id = &made.vm.id;
    let mut ends = vec![
        ("create", outcome_and_words(stranger.create(&world.request(2, Os::Linux)).await)),
        ("get", outcome_and_words(stranger.get(id).await)),
        ("find", outcome_and_words(stranger.find(&orders::trace(&request)).await)),
        ("list", outcome_and_words(stranger.list(None, 50).await)),
        ("delete", outcome_and_words(stranger.delete(id).await)),
    ];
    if world.able.power {
        ends.push(("reboot", outcome_and_words(stranger.reboot(id).await)));
        ends.push(("start", outcome_and_words(stranger.start(id).await)));
        ends.push(("halt", outcome_and_words(stranger.halt(id).await)));
    }
    if world.able.reinstall {
        let again = orders::reinstall(&request);
        ends.push(("reinstall", outcome_and_words(stranger.reinstall(id, &again).await)));
    }
    if world.able.traffic {
        ends.push(("traffic", outcome_and_words(stranger.traffic(id, 7).await)));
    }
    if world.able.balance {
        ends.push(("account", outcome_and_words(stranger.account().await)));
    }
    for (call, (ended, words)) in ends {
        assert_eq!(ended, "unauthorized", "{call}: {words}");
        assert!(words.contains("key"), "{call}: {words}");
    }
    assert_eq!(world.machines().await.len(), 1);
    world.close().await;
}

fn outcome_and_words<T>(result: Result<T, VmError>) -> (&'static str, String) {
    let ended = outcome(&result);
    (ended, result.err().map(|error| error.to_string()).unwrap_or_default())
}
