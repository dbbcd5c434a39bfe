//! What a customer may do to a desktop, and what becomes of it.

use domain::Timestamp;
use domain::catalogue::{Image, Offering, Os, Plan, Provider};
use domain::command::{CommandKind, Refused, accept, completed, failed};
use domain::customer::CustomerId;
use domain::ids::{InstanceId, OrderId};
use domain::instance::{Instance, InstanceStatus};

fn now() -> Timestamp {
    Timestamp::from_second(1_790_000_000).unwrap()
}

fn desktop(status: InstanceStatus) -> Instance {
    Instance {
        id: InstanceId::new(now(), 1),
        order: OrderId::new(now(), 2),
        customer: CustomerId::parse("ada").unwrap(),
        plan: Plan::Basic,
        os: Os::Windows,
        status,
        attempt: 1,
        offering: Offering {
            provider: Provider::Vultr,
            plan: "vc2-2c-4gb".to_owned(),
            region: "us-east".to_owned(),
            provider_region: "ewr".to_owned(),
            image: Image { name_prefix: "Windows 2022 Standard".to_owned(), fallback_id: "501".to_owned() },
        },
        vm: None,
        address: None,
        price: None,
        username: "Administrator".to_owned(),
        certificate: None,
        command: None,
        last_error: None,
        boot: 1,
        created_at: now(),
        ready_at: None,
        setup_seconds: None,
        version: 1,
    }
}

#[test]
fn each_state_takes_its_own_commands_and_no_others() {
    use CommandKind as C;
    use InstanceStatus as S;
    for status in S::ALL {
        for kind in C::ALL {
            let allowed = match status {
                S::Active => *kind != C::Start,
                S::Stopped => !matches!(kind, C::Stop | C::Restart),
                S::Provisioning | S::Busy | S::Terminated | S::Failed => false,
            };
            assert_eq!(accept(&desktop(*status), *kind, now()).is_ok(), allowed, "{kind} on {status}");
        }
    }
}

#[test]
fn a_busy_desktop_says_so() {
    let busy = accept(&desktop(InstanceStatus::Active), CommandKind::Restart, now()).unwrap();
    assert_eq!(accept(&busy, CommandKind::Stop, now()), Err(Refused::Busy));
}

#[test]
fn a_command_ends_in_its_state_or_leaves_everything_as_it_was() {
    use CommandKind as C;
    use InstanceStatus as S;
    for (before, kind, after) in [
        (S::Active, C::Restart, S::Active),
        (S::Active, C::Stop, S::Stopped),
        (S::Stopped, C::Start, S::Active),
        (S::Stopped, C::Reinstall, S::Active),
        (S::Active, C::Terminate, S::Terminated),
    ] {
        let busy = accept(&desktop(before), kind, now()).unwrap();
        assert_eq!(busy.status, S::Busy);
        assert_eq!(completed(&busy).status, after, "{kind}");
        let undone = failed(&busy, "no");
        assert_eq!((undone.status, undone.last_error.as_deref()), (before, Some("no")), "{kind}");
    }
}

#[test]
fn a_desktop_that_its_provider_cannot_make_as_new_is_not_taken_for_it() {
    for provider in Provider::ALL {
        let mut instance = desktop(InstanceStatus::Active);
        instance.offering.provider = *provider;
        let taken = accept(&instance, CommandKind::Reinstall, now());
        assert_eq!(taken.is_ok(), provider.reinstalls(), "{provider}");
        assert!(accept(&instance, CommandKind::Terminate, now()).is_ok(), "{provider}");
    }
}
