//! Which offering comes next.

use domain::Timestamp;
use domain::catalogue::{Image, Offering, Provider};
use domain::create::{Attempt, AttemptState, Setback};
use domain::failover::{Choice, Outlook, WORTH_WAITING, choose};
use domain::ids::{InstanceId, OrderId};
use domain::order::ATTEMPTS_MAX;
use proptest::prelude::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

fn offering(provider: Provider, region: &str) -> Offering {
    Offering {
        provider,
        plan: "small".to_owned(),
        region: "us-east".to_owned(),
        provider_region: region.to_owned(),
        image: Image { name_prefix: "Ubuntu 24.04".to_owned(), fallback_id: String::new() },
    }
}

/// Two regions of one provider, then two other providers.
fn offerings() -> Vec<Offering> {
    vec![
        offering(Provider::Vultr, "ewr"),
        offering(Provider::Vultr, "ord"),
        offering(Provider::Hetzner, "ash"),
        offering(Provider::Linode, "us-east"),
    ]
}

fn attempt(number: u16, index: usize, setback: Option<Setback>) -> Attempt {
    Attempt {
        order: OrderId::new(at(0), 1),
        instance: InstanceId::new(at(0), 2),
        number,
        offering: offerings()[index].clone(),
        state: AttemptState::Absent,
        request_id: String::new(),
        called_at: Some(at(0)),
        left_at: None,
        setback,
        vm: None,
        password_hash: None,
        password_ciphertext: None,
        absent_since: None,
        version: 1,
    }
}

fn open(_: &Offering) -> Outlook {
    Outlook::Open
}

fn after(setbacks: &[(usize, Setback)]) -> Choice {
    let attempts: Vec<Attempt> =
        (1..).zip(setbacks).map(|(n, (index, setback))| attempt(n, *index, Some(*setback))).collect();
    choose(&offerings(), &attempts, open, at(0))
}

#[test]
fn the_first_choice_comes_first_and_a_refusal_leads_to_the_next() {
    assert_eq!(after(&[]), Choice::Take(0));
    for refusal in
        [Setback::OutOfStock, Setback::Quota, Setback::Unauthorized, Setback::Refused, Setback::Broken]
    {
        assert_eq!(after(&[(0, refusal)]), Choice::Take(1), "{refusal}");
        let everywhere: Vec<_> = (0..4).map(|index| (index, refusal)).collect();
        assert_eq!(after(&everywhere), Choice::NoneLeft, "{refusal}");
    }
}

#[test]
fn what_was_lost_by_accident_is_made_once_more_in_the_same_place() {
    assert_eq!(after(&[(0, Setback::Lost)]), Choice::Take(0));
    assert_eq!(after(&[(0, Setback::Lost), (0, Setback::Lost)]), Choice::Take(1));
    // Where there is nothing else it goes on there, until the deadline.
    let twice = [attempt(1, 0, Some(Setback::Lost)), attempt(2, 0, Some(Setback::Lost))];
    assert_eq!(choose(&offerings()[..1], &twice, open, at(0)), Choice::Take(0));
}

#[test]
fn a_silent_provider_is_gone_round_and_comes_again_when_the_others_were_silent_too() {
    assert_eq!(after(&[(0, Setback::Unavailable)]), Choice::Take(1));
    let all_silent: Vec<_> = (0..4).map(|index| (index, Setback::Unavailable)).collect();
    assert_eq!(after(&all_silent), Choice::Take(0));
}

#[test]
fn a_provider_with_an_unknown_attempt_makes_no_second_machine() {
    let mut unknown = attempt(1, 0, Some(Setback::Unavailable));
    unknown.state = AttemptState::Unknown;
    unknown.left_at = Some(at(0));
    assert_eq!(choose(&offerings(), std::slice::from_ref(&unknown), open, at(0)), Choice::Take(2));
    let only_there = &offerings()[..2];
    assert_eq!(choose(only_there, std::slice::from_ref(&unknown), open, at(0)), Choice::Unsettled);
    assert_eq!(choose(only_there, &[unknown], |_| Outlook::NotSetUp, at(0)), Choice::NoneLeft);
}

#[test]
fn an_open_circuit_is_gone_round_unless_it_closes_in_a_moment() {
    let until = |seconds: i64| {
        move |o: &Offering| match o.provider {
            Provider::Vultr => Outlook::ClosedUntil(at(seconds)),
            _ => Outlook::Open,
        }
    };
    let soon = WORTH_WAITING.as_secs();
    assert_eq!(choose(&offerings(), &[], until(soon), at(0)), Choice::Wait { until: at(soon) });
    assert_eq!(choose(&offerings(), &[], until(soon + 1), at(0)), Choice::Take(2));
}

#[test]
fn when_every_circuit_is_open_the_order_waits_for_the_first_that_closes() {
    let outlook = |o: &Offering| match o.provider {
        Provider::Vultr => Outlook::ClosedUntil(at(300)),
        Provider::Hetzner => Outlook::ClosedUntil(at(200)),
        _ => Outlook::NotSetUp,
    };
    assert_eq!(choose(&offerings(), &[], outlook, at(0)), Choice::Wait { until: at(200) });
    assert_eq!(choose(&offerings(), &[], |_| Outlook::NotSetUp, at(0)), Choice::NoneLeft);
}

#[test]
fn the_number_of_attempts_is_bounded() {
    let many: Vec<Attempt> =
        (1..=ATTEMPTS_MAX).map(|n| attempt(n, usize::from(n % 4), Some(Setback::Unavailable))).collect();
    assert_eq!(choose(&offerings(), &many, open, at(0)), Choice::NoneLeft);
    assert!(matches!(choose(&offerings(), &many[1..], open, at(0)), Choice::Take(_)));
}

#[test]
fn what_was_left_behind_stands_in_the_way_only_of_what_is_not_spent() {
    let mut unknown = attempt(1, 0, Some(Setback::Unavailable));
    unknown.state = AttemptState::Unknown;
    unknown.left_at = Some(at(0));
    let elsewhere = [2, 3].map(|index| attempt(index, usize::from(index), Some(Setback::OutOfStock)));
    let mut attempts = vec![unknown];
    attempts.extend(elsewhere);
    assert_eq!(choose(&offerings(), &attempts, open, at(0)), Choice::Unsettled);
    // One that can be asked later comes first.
    let closed = |o: &Offering| match o.provider {
        Provider::Vultr => Outlook::Open,
        _ => Outlook::ClosedUntil(at(300)),
    };
    assert_eq!(choose(&offerings(), &attempts[..2], closed, at(0)), Choice::Wait { until: at(300) });
    // Both regions there refused before.
    attempts.extend([0, 1].map(|index| attempt(9, index, Some(Setback::Refused))));
    assert_eq!(choose(&offerings(), &attempts, open, at(0)), Choice::NoneLeft);
}

fn any_setback() -> impl Strategy<Value = Option<Setback>> {
    prop::option::of(prop::sample::select(Setback::ALL))
}

proptest! {
    /// No offering that refused is ever taken again, and none at a provider of whose machine nobody knows.
    #[test]
    fn nothing_spent_is_taken(history in prop::collection::vec((0_usize..4, any_setback(), any::<bool>()), 0..12)) {
        let attempts: Vec<Attempt> = (1..).zip(&history).map(|(n, (index, setback, unknown))| {
            let mut one = attempt(n, *index, *setback);
            if *unknown {
                one.state = AttemptState::Unknown;
                one.left_at = Some(at(0));
            }
            one
        }).collect();
        if let Choice::Take(index) = choose(&offerings(), &attempts, open, at(0)) {
            let taken = offerings().remove(usize::from(index));
            for attempt in &attempts {
                prop_assert!(!(attempt.offering == taken && attempt.setback.is_some_and(Setback::is_final)));
                prop_assert!(!(attempt.offering.provider == taken.provider && attempt.is_left_behind()));
            }
        }
    }
}
