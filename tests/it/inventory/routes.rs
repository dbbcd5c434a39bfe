//! The routes of the description are the routes of the template.

use std::collections::BTreeSet;

use super::description::Description;
use super::template::Template;

#[test]
fn every_route_is_described_and_every_description_is_routed() {
    let template: BTreeSet<_> =
        Template::read().routes().into_iter().map(|route| (route.path, route.method)).collect();
    let described: BTreeSet<_> =
        Description::read().operations().into_iter().map(|one| (one.path, one.method)).collect();
    assert_eq!(described, template);
}

#[test]
fn a_route_is_open_exactly_when_its_description_says_so() {
    let description = Description::read();
    for route in Template::read().routes() {
        let security = &description.operation(&route.method, &route.path)["security"];
        let open = security.as_array().expect("every operation names its security").is_empty();
        assert_eq!(open, route.public, "{} {}", route.method, route.path);
        assert!(open || security[0].get("customer").is_some(), "{} {}", route.method, route.path);
    }
}

#[test]
fn the_open_routes_are_these() {
    let open: Vec<String> = Template::read()
        .routes()
        .into_iter()
        .filter(|route| route.public)
        .map(|route| format!("{} {}", route.method, route.path))
        .collect();
    assert_eq!(
        open,
        [
            "GET /checkout/return",
            "POST /first-boot/{instance}/{token}",
            "GET /health",
            "GET /openapi.json",
            "GET /plans",
            "POST /webhooks/paystack",
        ]
    );
}

#[test]
fn every_function_has_its_folder_and_every_folder_its_function() {
    let template: Vec<String> = Template::read().functions().into_keys().collect();
    assert_eq!(super::files::names("functions"), template);
}
