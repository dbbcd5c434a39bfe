//! What bad input gets, beyond the samples in `events/`.

use lambda_kit::BODY_MAX;
use serde_json::{Value, json};
use testkit::ports::{HostFault, Op};
use testkit::{Fault, Trigger};

use super::answers::hold;
use super::api::{self, Answer, Settings};
use super::description::Description;
use super::events;
use super::stage::Stage;

/// Sends a sample with something changed, and holds the answer against the description.
fn sent(function: &str, sample: &str, change: impl FnOnce(&mut Value)) -> Answer {
    sent_to(&mut Stage::set(), function, sample, change)
}

fn sent_to(stage: &mut Stage, function: &str, sample: &str, change: impl FnOnce(&mut Value)) -> Answer {
    let mut event = events::one(function, sample);
    change(&mut event);
    let answer = api::http(stage, &Settings::default(), function, &event);
    hold(&Description::read(), &event, &answer);
    answer
}

/// The samples of the routes that read a body.
const WITH_BODY: [(&str, &str); 6] = [
    ("account", "200-profile-changed"),
    ("checkout", "201-windows"),
    ("first-boot", "204-ready-ubuntu"),
    ("vps-provision", "201-ordered"),
    ("vps-provision", "200-synced"),
    ("webhook-paystack", "200-charge-success"),
];

#[test]
fn a_body_over_256_kib_is_413_on_every_route_that_reads_one() {
    for (function, sample) in WITH_BODY {
        let answer = sent(function, sample, |event| event["body"] = json!("x".repeat(BODY_MAX + 1)));
        assert_eq!(
            (answer.status, answer.json()["code"].as_str()),
            (413, Some("body_too_large")),
            "{function}"
        );
    }
}

#[test]
fn what_is_not_json_is_400_on_every_route_of_ours() {
    for (function, sample) in &WITH_BODY[..5] {
        for body in ["", "{", "plan=basic", r#"{"plan":"basic"} trailing"#] {
            let answer = sent(function, sample, |event| event["body"] = json!(body));
            assert_eq!(
                answer.status,
                if body.contains("trailing") { answer.status } else { 400 },
                "{function} {body}"
            );
            assert!(matches!(answer.status, 400 | 422), "{function} {body}");
        }
    }
}

#[test]
fn a_checkout_names_the_field_that_is_wrong() {
    for (field, value) in [
        ("plan", json!("enormous")),
        ("plan", json!(7)),
        ("plan", Value::Null),
        ("os", json!("templeos")),
        ("currency", json!("DOGE")),
        ("currency", json!("usd")),
        ("currency", json!("EUR")),
        ("method", json!("cash")),
        ("region", json!("atlantis")),
        ("region", json!(["ewr"])),
        ("coupon", json!("FREE")),
    ] {
        let answer = sent("checkout", "201-windows", |event| {
            let mut body: Value = serde_json::from_str(event["body"].as_str().unwrap()).unwrap();
            body[field] = value.clone();
            event["body"] = json!(body.to_string());
        });
        let problem = answer.json();
        let got = (answer.status, problem["code"].as_str(), problem["field"].as_str());
        assert_eq!(got, (422, Some("invalid_field"), Some(field)), "{field}: {value}");
    }
    for field in ["plan", "os", "currency", "method"] {
        let answer = sent("checkout", "201-windows", |event| {
            let mut body: Value = serde_json::from_str(event["body"].as_str().unwrap()).unwrap();
            body.as_object_mut().unwrap().remove(field);
            event["body"] = json!(body.to_string());
        });
        assert_eq!((answer.status, answer.json()["field"].as_str()), (422, Some(field)), "{field} left out");
    }
}

#[test]
fn an_order_of_a_trading_desktop_names_the_field_that_is_wrong() {
    let changed = |change: &dyn Fn(&mut Value)| {
        sent("vps-provision", "201-ordered", |event| {
            let mut body: Value = serde_json::from_str(event["body"].as_str().unwrap()).unwrap();
            change(&mut body);
            event["body"] = json!(body.to_string());
        })
    };
    for (field, value) in [
        ("mt5_account_id", json!("123")),
        ("mt5_account_id", json!("1234567890123")),
        ("mt5_account_id", json!("51-23")),
        ("mt5_account_id", json!(-51_234_567)),
        ("mt5_account_id", json!(51.5)),
        ("mt5_account_id", Value::Null),
        ("vps_name", json!("")),
        ("vps_name", json!("n".repeat(49))),
        ("vps_name", json!("a\nb")),
        ("provider", json!("azure")),
        ("provider", json!("linode")),
        ("region", json!("LHR")),
        ("region", json!(7)),
        ("plan", json!("../vc2-2c-4gb")),
        ("os_id", json!("521")),
        ("os_id", json!(true)),
        ("coupon", json!("FREE")),
    ] {
        let answer = changed(&|body| body[field] = value.clone());
        let problem = answer.json();
        let got = (answer.status, problem["code"].as_str(), problem["field"].as_str());
        assert_eq!(got, (422, Some("invalid_field"), Some(field)), "{field}: {value}");
    }
    for field in ["mt5_account_id", "region", "plan", "os_id"] {
        let answer = changed(&|body| drop(body.as_object_mut().unwrap().remove(field)));
        assert_eq!((answer.status, answer.json()["field"].as_str()), (422, Some(field)), "{field} left out");
    }
}

#[test]
fn an_account_that_has_a_trading_desktop_is_named_with_it() {
    let answer = sent("vps-provision", "409-account-has-one", |_| {});
    let detail = answer.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains(&super::stage::instance_id("TRAD1N").to_string()), "{detail}");
}

#[test]
fn one_key_is_one_trading_desktop_and_another_body_is_refused() {
    let mut stage = Stage::set();
    let first = sent_to(&mut stage, "vps-provision", "201-ordered", |_| {});
    let rewritten = sent_to(&mut stage, "vps-provision", "201-ordered", |event| {
        let mut body: Value = serde_json::from_str(event["body"].as_str().unwrap()).unwrap();
        body["os_id"] = json!(501);
        event["body"] = json!(serde_json::to_string_pretty(&body).unwrap());
    });
    assert_eq!((first.status, rewritten.status), (201, 200));
    assert_eq!(first.json()["vps_id"], rewritten.json()["vps_id"]);
    let other = sent_to(&mut stage, "vps-provision", "201-ordered", |event| {
        let mut body: Value = serde_json::from_str(event["body"].as_str().unwrap()).unwrap();
        body["region"] = json!("ewr");
        event["body"] = json!(body.to_string());
    });
    assert_eq!((other.status, other.json()["code"].as_str()), (422, Some("idempotency_key_reused")));
}

#[test]
fn a_provider_that_refuses_or_does_not_answer_is_said_and_nothing_is_stored() {
    for (fault, status, code) in
        [(HostFault::Unauthorized, 502, "provider_refused"), (HostFault::Unreachable, 503, "unavailable")]
    {
        for sample in ["200-regions", "200-plans", "200-os", "201-ordered"] {
            let mut stage = Stage::set();
            let before = stage.shop.world.store.orders().len();
            stage.shop.world.host.fail(Op::Offers, fault, 1);
            let answer = sent_to(&mut stage, "vps-provision", sample, |_| {});
            assert_eq!((answer.status, answer.json()["code"].as_str()), (status, Some(code)), "{sample}");
            assert_eq!(stage.shop.world.store.orders().len(), before, "{sample}");
        }
    }
}

#[test]
fn no_customer_reaches_anything_of_the_trading_desktops() {
    for case in events::all().into_iter().filter(|case| case.function == "vps-provision") {
        let mut event = case.event.clone();
        let claims = event["requestContext"]["authorizer"]["jwt"]["claims"].as_object_mut();
        let Some(claims) = claims else { continue };
        claims.remove("cognito:groups");
        for groups in [None, Some("[customers]"), Some("[administrators]")] {
            let mut event = event.clone();
            if let Some(groups) = groups {
                event["requestContext"]["authorizer"]["jwt"]["claims"]["cognito:groups"] = json!(groups);
            }
            let mut stage = Stage::set();
            let before = stage.shop.world.store.keys();
            let answer = api::http(&mut stage, &Settings::default(), &case.function, &event);
            assert_eq!((answer.status, answer.json()["code"].as_str()), (403, Some("forbidden")), "{case}");
            assert_eq!(stage.shop.world.store.keys(), before, "{case}");
        }
    }
}

#[test]
fn nothing_is_stored_for_a_checkout_that_is_refused() {
    let mut stage = Stage::set();
    let before = stage.shop.world.store.keys();
    sent_to(&mut stage, "checkout", "201-windows", |event| event["body"] = json!("{}"));
    sent_to(&mut stage, "checkout", "403-unverified-address", |_| {});
    sent_to(&mut stage, "checkout", "422-unknown-region", |_| {});
    assert_eq!(stage.shop.world.store.keys(), before);
}

#[test]
fn an_idempotency_key_has_1_to_255_visible_characters() {
    let with = |key: Option<&str>| {
        sent("checkout", "201-windows", |event| match key {
            Some(key) => event["headers"]["idempotency-key"] = json!(key),
            None => drop(event["headers"].as_object_mut().unwrap().remove("idempotency-key")),
        })
    };
    let overlong = "k".repeat(256);
    for bad in [None, Some(""), Some("  "), Some(overlong.as_str()), Some("two words"), Some("clé")] {
        let answer = with(bad);
        assert_eq!(
            (answer.status, answer.json()["field"].as_str()),
            (400, Some("Idempotency-Key")),
            "{bad:?}"
        );
    }
    assert_eq!(with(Some(&overlong[1..])).status, 201);
}

#[test]
fn one_key_is_one_order_and_another_body_is_refused() {
    let mut stage = Stage::set();
    let first = sent_to(&mut stage, "checkout", "201-windows", |_| {});
    let rewritten = sent_to(&mut stage, "checkout", "201-windows", |event| {
        let body: Value = serde_json::from_str(event["body"].as_str().unwrap()).unwrap();
        event["body"] = json!(serde_json::to_string_pretty(&body).unwrap());
    });
    assert_eq!((first.status, rewritten.status), (201, 200));
    assert_eq!(first.json()["order_id"], rewritten.json()["order_id"]);
    let other = sent_to(&mut stage, "checkout", "201-windows", |event| {
        let mut body: Value = serde_json::from_str(event["body"].as_str().unwrap()).unwrap();
        body["os"] = json!("linux");
        event["body"] = json!(body.to_string());
    });
    assert_eq!((other.status, other.json()["code"].as_str()), (422, Some("idempotency_key_reused")));
}

/// Everything but the request's id and its time is the same: nobody learns whether an id exists.
#[test]
fn anothers_id_answers_as_one_that_does_not_exist() {
    for (function, theirs, missing) in [
        ("orders", "404-another-customers", "404-missing"),
        ("instances", "404-another-customers", "404-missing"),
        ("instances", "404-another-customers-rdp-file", "404-missing"),
        ("instance-credentials", "404-another-customers", "404-missing"),
        ("instance-action", "404-another-customers", "404-missing"),
    ] {
        let said = |sample: &str| {
            let answer = sent(function, sample, |_| {});
            let mut body = answer.json();
            body["request_id"].take();
            let kept = |name: &str| !matches!(name, "x-request-id" | "x-process-time");
            let headers: Vec<_> = answer.headers.iter().filter(|(name, _)| kept(name)).cloned().collect();
            (answer.status, headers, body)
        };
        assert_eq!(said(theirs), said(missing), "{function}");
    }
}

#[test]
fn without_claims_every_closed_route_is_401_whatever_else_is_wrong() {
    for case in events::all().into_iter().filter(|case| case.is_http()) {
        let Some(_) = case.event["requestContext"].get("authorizer") else { continue };
        let mut event = case.event.clone();
        event["requestContext"].as_object_mut().unwrap().remove("authorizer");
        let answer = api::http(&mut Stage::set(), &Settings::default(), &case.function, &event);
        assert_eq!((answer.status, answer.json()["code"].as_str()), (401, Some("unauthorized")), "{case}");
        hold(&Description::read(), &event, &answer);
    }
}

#[test]
fn claims_that_name_nobody_are_401() {
    for (claim, value) in
        [("sub", ""), ("sub", "a#b"), ("email", ""), ("email", "nobody"), ("email", "a@b.c\nBcc: d@e.f")]
    {
        let answer = sent("account", "200-me", |event| {
            event["requestContext"]["authorizer"]["jwt"]["claims"][claim] = json!(value);
        });
        assert_eq!(answer.status, 401, "{claim} {value:?}");
    }
}

#[test]
fn a_webhook_that_is_not_signed_by_paystack_is_401_and_leaves_nothing() {
    let mut stage = Stage::set();
    let (rows, messages) = (stage.shop.world.store.keys(), stage.shop.world.queues.bodies());
    for signature in [None, Some(""), Some("00"), Some(&*"0".repeat(128)), Some("not hex")] {
        let answer = sent_to(&mut stage, "webhook-paystack", "200-charge-success", |event| match signature {
            Some(text) => event["headers"]["x-paystack-signature"] = json!(text),
            None => drop(event["headers"].as_object_mut().unwrap().remove("x-paystack-signature")),
        });
        assert_eq!(
            (answer.status, answer.json()["code"].as_str()),
            (401, Some("unauthorized")),
            "{signature:?}"
        );
    }
    let answer = sent_to(&mut stage, "webhook-paystack", "200-charge-success", |event| {
        let body = event["body"].as_str().unwrap().replace("6900", "1");
        event["body"] = json!(body);
    });
    assert_eq!(answer.status, 401, "another body under the same signature");
    assert_eq!((stage.shop.world.store.keys(), stage.shop.world.queues.bodies()), (rows, messages));
}

#[test]
fn a_webhook_is_stored_once_however_often_it_comes() {
    let mut stage = Stage::set();
    let before = stage.shop.world.store.events().len();
    for _ in 0..3 {
        assert_eq!(sent_to(&mut stage, "webhook-paystack", "200-charge-success", |_| {}).status, 200);
    }
    assert_eq!(stage.shop.world.store.events().len(), before + 1);
}

#[test]
fn a_webhook_whose_message_was_lost_is_queued_when_it_comes_again() {
    let mut stage = Stage::set();
    stage.shop.world.sim.arm(Trigger::Next("queue.payment"), Fault::Before);
    assert_eq!(sent_to(&mut stage, "webhook-paystack", "200-charge-success", |_| {}).status, 503);
    assert_eq!(stage.shop.world.queues.bodies().len(), 0);
    assert_eq!(sent_to(&mut stage, "webhook-paystack", "200-charge-success", |_| {}).status, 200);
    assert_eq!(stage.shop.world.queues.bodies().len(), 1);
}

#[test]
fn a_first_boot_address_opens_nothing_but_its_own_machine() {
    for sample in ["404-another-token", "404-not-an-id"] {
        let answer = sent("first-boot", sample, |_| {});
        assert_eq!(answer.json()["detail"], "There is no such first boot.");
    }
    let answer = sent("first-boot", "204-ready-ubuntu", |event| {
        event["pathParameters"]["instance"] = json!(super::stage::instance_id("ACT1VE").to_string());
    });
    assert_eq!(answer.status, 404);
}

#[test]
fn a_page_is_bounded() {
    for (limit, status) in [("0", 400), ("101", 400), ("-1", 400), ("ten", 400), ("1", 200), ("100", 200)] {
        for function in ["orders", "instances"] {
            let answer =
                sent(function, "200-list", |event| event["rawQueryString"] = json!(format!("limit={limit}")));
            assert_eq!(answer.status, status, "{function} {limit}");
        }
    }
    let long = "x".repeat(1025);
    let answer =
        sent("orders", "200-list", |event| event["rawQueryString"] = json!(format!("cursor={long}")));
    assert_eq!((answer.status, answer.json()["field"].as_str()), (400, Some("cursor")));
}
