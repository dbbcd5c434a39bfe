//! Every answer is one that the description declares.

use serde_json::Value;
use testkit::ports::GatewayFault;
use testkit::{Fault, Trigger};

use super::api::{self, Answer, Answers, Settings};
use super::description::Description;
use super::events;
use super::stage::{self, Stage};

/// Holds an answer against the description of its route: status, headers, content type, body, problem code.
pub(crate) fn hold(description: &Description, event: &Value, answer: &Answer) {
    let route = event["routeKey"].as_str().expect("a routeKey");
    let (method, path) = route.split_once(' ').expect("a method and a path");
    let operation = description.operation(method, path);
    let declared = description.response(operation, answer.status);
    let declared =
        declared.unwrap_or_else(|| panic!("{route} does not declare {}: {}", answer.status, answer.body));
    for (name, header) in declared["headers"].as_object().into_iter().flatten() {
        let header = header["$ref"].as_str().map_or(header, |reference| description.at(reference));
        let value = answer.header(&name.to_lowercase());
        assert!(value.is_some() || header["required"] != true, "{route} {}: no {name}", answer.status);
        let Some(value) = value.filter(|_| header["schema"]["type"] == "string") else { continue };
        assert_eq!(
            description.faults(&header["schema"], &value.into()),
            Vec::<String>::new(),
            "{route} {name}"
        );
    }
    let Some(content) = declared["content"].as_object() else {
        assert_eq!(answer.body, "", "{route} {} declares no body", answer.status);
        return;
    };
    let kind = answer.header("content-type").unwrap_or_default();
    let media = content.get(kind).unwrap_or_else(|| panic!("{route} {} declares no {kind}", answer.status));
    if kind.ends_with("json") {
        let faults = description.faults(&media["schema"], &answer.json());
        assert_eq!(faults, Vec::<String>::new(), "{route} {}: {}", answer.status, answer.body);
    }
}

/// Holds a good request's body against the description.
fn hold_request(description: &Description, event: &Value) {
    let (method, path) = event["routeKey"].as_str().and_then(|route| route.split_once(' ')).expect("a route");
    let schema = &description.operation(method, path)["requestBody"]["content"]["application/json"]["schema"];
    if schema.is_null() || event["isBase64Encoded"] == true {
        return;
    }
    let body: Value = serde_json::from_str(event["body"].as_str().expect("a body")).expect("JSON");
    let mut faults = description.faults(schema, &body);
    // A callback's body may say more than we read.
    faults.retain(|fault| path.starts_with('/') && !fault.contains("Additional properties"));
    assert_eq!(faults, Vec::<String>::new(), "{method} {path}: {body}");
}

#[test]
fn every_sample_request_gets_a_declared_answer_of_the_status_in_its_name() {
    let description = Description::read();
    for case in events::all().into_iter().filter(|case| case.is_http()) {
        let answer = api::http(&mut Stage::set(), &Settings::default(), &case.function, &case.event);
        let expected = case.name.split('-').next().expect("a status");
        assert_eq!(answer.status.to_string(), expected, "{case}: {}", answer.body);
        hold(&description, &case.event, &answer);
        if answer.status < 300 {
            hold_request(&description, &case.event);
        }
    }
}

#[test]
fn every_route_has_a_sample_that_works_and_one_that_does_not() {
    let cases = events::all();
    for operation in Description::read().operations() {
        let key = format!("{} {}", operation.method, operation.path);
        let mine = || cases.iter().filter(|case| case.event["routeKey"] == *key);
        assert!(mine().any(|case| case.name.starts_with('2')), "{key}: no sample that works");
        let can_refuse = operation.what["responses"].as_object().expect("responses").keys();
        if can_refuse.filter(|status| status.starts_with('4') && *status != "429").count() > 0 {
            assert!(mine().any(|case| case.name.starts_with('4')), "{key}: no bad sample");
        }
    }
}

#[test]
fn a_customer_who_comes_back_is_sent_to_their_order_in_the_dashboard() {
    let event = events::one("checkout-return", "200-known-reference");
    let settings = Settings { site_url: Some("https://shop.example/".to_owned()), ..Settings::default() };
    let answer = api::http(&mut Stage::set(), &settings, "checkout-return", &event);
    hold(&Description::read(), &event, &answer);
    let order = format!("https://shop.example/orders/{}", stage::order_id("0NPA1D"));
    assert_eq!((answer.status, answer.header("location")), (303, Some(order.as_str())));
}

#[test]
fn an_order_that_nobody_pays_for_shows_no_way_of_paying() {
    let mut stage = Stage::set();
    let mut order = |sample: &str| {
        let answer = api::http(&mut stage, &Settings::default(), "orders", &events::one("orders", sample));
        answer.json()
    };
    assert_eq!(order("200-delivered")["method"], "paystack");
    let of_staff = order("200-of-staff");
    assert!(of_staff.get("method").is_some_and(Value::is_null), "{of_staff}");
    assert_eq!(of_staff["price"]["minor"], 0);
}

#[test]
fn health_says_what_does_not_answer() {
    let event = events::one("health", "200-healthy");
    for (store, queues, status, word) in
        [(true, true, 200, "healthy"), (true, false, 200, "degraded"), (false, true, 503, "unhealthy")]
    {
        let settings = Settings { well: Answers { store, queues }, ..Settings::default() };
        let answer = api::http(&mut Stage::set(), &settings, "health", &event);
        hold(&Description::read(), &event, &answer);
        assert_eq!((answer.status, answer.json()["status"].as_str()), (status, Some(word)));
    }
}

#[test]
fn revealed_credentials_are_the_desktops_own_and_never_cached() {
    let event = events::one("instance-credentials", "200-revealed");
    let mut stage = Stage::set();
    let answer = api::http(&mut stage, &Settings::default(), "instance-credentials", &event);
    assert_eq!(answer.json()["password"], stage::PASSWORD);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let audit = stage.shop.world.store.audit_entries();
    assert_eq!(audit.iter().map(|line| line.action.as_str()).collect::<Vec<_>>(), ["credentials_revealed"]);
}

#[test]
fn a_gateway_that_does_not_open_a_page_is_told_apart_from_one_that_refuses() {
    let event = events::one("checkout", "201-windows");
    for (fault, status, code) in [
        (GatewayFault::Busy, 503, "gateway_unavailable"),
        (GatewayFault::Unauthorized, 502, "gateway_refused"),
    ] {
        let mut stage = Stage::set();
        stage.shop.world.gateway.fail(fault, 1);
        let answer = api::http(&mut stage, &Settings::default(), "checkout", &event);
        hold(&Description::read(), &event, &answer);
        assert_eq!((answer.status, answer.json()["code"].as_str()), (status, Some(code)));
        assert_eq!(answer.header("retry-after").is_some(), status == 503, "{code}");
        let again = api::http(&mut stage, &Settings::default(), "checkout", &event);
        assert_eq!(again.status, 200, "the same key goes on with the same order: {}", again.body);
        assert!(again.json()["authorization_url"].is_string());
    }
}

/// With the provider, the gateway or the table gone, an answer is still one of the declared ones.
#[test]
fn trouble_underneath_is_a_declared_answer_too() {
    let description = Description::read();
    for case in events::all().into_iter().filter(|case| case.is_http() && case.name.starts_with('2')) {
        for call in 0..3 {
            let mut stage = Stage::set();
            let sim = stage.shop.world.sim.clone();
            sim.arm(Trigger::Call(sim.calls() + call + 1), Fault::Before);
            let answer = api::http(&mut stage, &Settings::default(), &case.function, &case.event);
            hold(&description, &case.event, &answer);
            assert!(answer.status < 300 || answer.status >= 500, "{case}: {}", answer.body);
        }
    }
}
