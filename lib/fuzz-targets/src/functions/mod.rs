//! The HTTP functions, asked as the HTTP API asks them. Whatever the caller sends, the answer is one that is documented.

mod nothing;
#[cfg(feature = "ec2")]
pub(crate) mod staff;

use std::future::Future;

use app::checkout::Checkout;
use app::commands::CommandDesk;
use app::deliverable::Deliverable;
use app::first_boot::{Boot, CallHome, FirstBoots};
use app::policy::Policy;
use catalogue::catalogue;
use domain::catalogue::Provider;
use domain::ids::InstanceId;
use domain::payment::GatewayMode;
use domain::secret::Secret;
use lambda_kit::lambda_http::http::HeaderValue;
use lambda_kit::lambda_http::{Body, request};
use lambda_kit::{Caller, Problem, Reply, Request};
use serde_json::{Value, json};

use crate::choice;
use nothing::Nothing;

/// What the customer is told about one text at most, in bytes.
const ANSWER_MAX: usize = 8 << 10;
const KEY: &str = "sk_test_not_a_real_key_0123456789abcdef";
/// An order that reads.
const WISH: &str = r#"{"plan":"basic","os":"windows","currency":"USD","method":"paystack"}"#;
const INSTANCE: &str = "ins_01KAGR00000000000000MAK1NG";

/// A byte for the route, and the body.
pub(crate) fn bodies(bytes: &[u8]) {
    let (route, body) = choice(bytes);
    match route % 3 {
        0 => {
            let request = request("POST", "/checkout", &json!({}), body);
            // A wish that reads becomes an order, whose payment is then looked for where nothing is stored.
            answered(&[400, 404, 413, 422], checkout::handle(&shop(), &request));
        }
        1 => {
            let request = request("PUT", "/auth/profile", &json!({}), body);
            answered(&[200, 400, 413, 422], account::handle(&Nothing, &request));
        }
        _ => {
            let instance = INSTANCE.parse::<InstanceId>().expect("an id");
            let url = call_home().url(Boot { instance, attempt: 1, boot: 1 });
            let token = url.rsplit('/').next().unwrap_or_default();
            let address = json!({"pathParameters": {"instance": INSTANCE, "token": token}});
            // A report that reads is to be stored, and there is no row for it.
            let request = request("POST", "/first-boot", &address, body);
            answered(&[400, 404, 413, 422], first_boot::handle(&first_boots(), &request));
        }
    }
}

/// A byte for the route, and the caller's words in its address: query, id or token.
pub(crate) fn addresses(bytes: &[u8]) {
    let (route, text) = choice(bytes);
    let text = &*String::from_utf8_lossy(text);
    let (first, second) = text.split_once('\n').unwrap_or((text, ""));
    match route % 5 {
        0 => {
            let query = json!({"queryStringParameters": {"limit": first, "cursor": second}});
            answered(&[200, 400], instances::handle(&Nothing, &request("GET", "/instances", &query, b"")));
        }
        1 => {
            let id = json!({"pathParameters": {"id": text}});
            answered(&[404], instances::handle(&Nothing, &request("GET", "/instances/x", &id, b"")));
        }
        2 => {
            let query = json!({"queryStringParameters": {"reference": text}});
            let deps = checkout_return::Deps { store: Nothing, queue: Nothing, site_url: None };
            let request = request("GET", "/checkout/return", &query, b"");
            answered(&[404], checkout_return::handle(&deps, &request));
        }
        3 => {
            let id = json!({"pathParameters": {"id": first}, "rawPath": format!("/instances/x/{second}")});
            let desk = CommandDesk { store: Nothing, queue: Nothing, world: Nothing };
            let request = request("POST", "/instances/x/restart", &id, b"");
            answered(&[404], instance_action::handle(&desk, &request));
        }
        _ => {
            let address = json!({"pathParameters": {"instance": first, "token": second}});
            let request = request("POST", "/first-boot", &address, br#"{"state":"ready"}"#);
            answered(&[404], first_boot::handle(&first_boots(), &request));
        }
    }
}

/// A byte for what is told about the caller, and its words: the header that names a purchase, or one of the claims.
pub(crate) fn callers(bytes: &[u8]) {
    let (what, text) = choice(bytes);
    let text = &*String::from_utf8_lossy(text);
    let claim = match what % 4 {
        0 => {
            // No other header comes through the gateway.
            if HeaderValue::from_str(text).is_err() {
                return;
            }
            let headers = json!({"headers": {"idempotency-key": text}});
            let request = request("POST", "/checkout", &headers, WISH.as_bytes());
            return answered(&[400, 401, 404], checkout::handle(&shop(), &request));
        }
        1 => "sub",
        2 => "email",
        _ => "cognito:groups",
    };
    let request = request("GET", "/auth/me", &json!({"claims": {claim: text}}), b"");
    if let Ok(caller) = Caller::of(&request) {
        assert!(!caller.admin || (claim == "cognito:groups" && text.contains("admin")), "{text:?} is staff");
    }
    answered(&[200, 401], account::handle(&Nothing, &request));
}

/// A body that Paystack has signed.
pub(crate) fn webhook(bytes: &[u8]) {
    let headers = json!({"headers": {"x-paystack-signature": crate::signed::hmac_sha512(KEY, bytes)}});
    let deps = webhook_paystack::Deps {
        store: Nothing,
        queue: Nothing,
        clock: Nothing,
        keys: vec![Secret::new(KEY.to_owned())],
    };
    let request = request("POST", "/webhooks/paystack", &headers, bytes);
    answered(&[200, 400, 413], webhook_paystack::handle(&deps, &request));
}

fn shop() -> checkout::Deps<Nothing, Nothing, Nothing> {
    let checkout = Checkout {
        store: Nothing,
        gateway: Nothing,
        world: Nothing,
        catalogue: catalogue(),
        deliverable: Deliverable::new(Provider::ALL.to_vec()),
        policy: Policy::standard(GatewayMode::Test),
    };
    checkout::Deps { checkout, public_url: None, site_url: None }
}

fn call_home() -> CallHome {
    CallHome::new(Secret::new(vec![7; 32]), "https://api.example.com").expect("32 bytes")
}

fn first_boots() -> FirstBoots<Nothing, Nothing, Nothing> {
    FirstBoots { store: Nothing, tasks: Nothing, clock: Nothing, call_home: call_home() }
}

/// A request of a signed-in customer, as API Gateway hands it over (payload format 2.0), with `changes` to its fields,
/// of which `claims` are the caller's.
fn request(method: &str, path: &str, changes: &Value, body: &[u8]) -> Request {
    let claims = json!({
        "sub": "5f0c4a3e-9f7d-4f1e-8b0f-2a9d1c7e6b54", "email": "ada@example.com", "email_verified": "true",
    });
    let mut event = json!({
        "version": "2.0", "routeKey": format!("{method} {path}"), "rawPath": path, "rawQueryString": "",
        "headers": {"idempotency-key": "one", "content-type": "application/json"},
        "requestContext": {
            "accountId": "123456789012", "apiId": "a1b2c3d4e5", "domainName": "api.example.com",
            "domainPrefix": "api", "authorizer": {"jwt": {"claims": claims, "scopes": null}},
            "http": {
                "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "198.51.100.7",
                "userAgent": "fuzz",
            },
            "requestId": "Sample00000074AEJYg=", "routeKey": format!("{method} {path}"), "stage": "$default",
            "time": "20/Nov/2026:08:00:00 +0000", "timeEpoch": 1_795_161_600_000_u64,
        },
        "isBase64Encoded": false,
    });
    for (name, value) in changes.as_object().into_iter().flatten() {
        if name != "claims" {
            event[name] = value.clone();
            continue;
        }
        for (name, value) in value.as_object().into_iter().flatten() {
            event["requestContext"]["authorizer"]["jwt"]["claims"][name] = value.clone();
        }
    }
    let mut request = request::from_str(&event.to_string()).unwrap_or_default();
    *request.body_mut() = Body::Binary(body.to_vec());
    request
}

/// Runs a handler whose ports never wait, and looks at its answer.
fn answered(statuses: &[u16], handling: impl Future<Output = Result<Reply, Problem>>) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    judge(statuses, ANSWER_MAX, runtime.block_on(handling));
}

fn judge(statuses: &[u16], length_max: usize, outcome: Result<Reply, Problem>) {
    let response = match outcome {
        Ok(reply) => reply.into_response(),
        Err(problem) => problem.into_response(),
    };
    let status = response.status().as_u16();
    let Body::Text(body) = response.body() else { return assert!(statuses.contains(&status), "{status}") };
    assert!(statuses.contains(&status), "{status}: {body}");
    assert!(body.len() <= length_max, "{} bytes", body.len());
    assert!(serde_json::from_str::<Value>(body).is_ok_and(|value| value.is_object()), "{body}");
}
