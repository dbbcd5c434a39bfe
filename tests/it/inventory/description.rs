//! The API's description, `functions/api-docs/openapi.json`: read, valid, and used to judge answers.

use jsonschema::Validator;
use lambda_kit::Problem;
use serde_json::{Value, json};

use super::files;

const METHODS: [&str; 5] = ["get", "put", "post", "patch", "delete"];

/// One operation of the description.
pub(crate) struct Operation {
    pub(crate) path: String,
    /// Upper case.
    pub(crate) method: String,
    pub(crate) what: Value,
}

/// The description.
pub(crate) struct Description {
    document: Value,
    /// Its components with every object closed: an answer with a field that nobody described is a lie.
    closed: Value,
}

impl Description {
    pub(crate) fn read() -> Self {
        let document = files::json("functions/api-docs/openapi.json");
        let mut closed = document["components"].clone();
        for schema in closed["schemas"].as_object_mut().expect("schemas").values_mut() {
            if schema["type"] == "object" {
                schema["additionalProperties"] = json!(false);
            }
        }
        Self { document, closed }
    }

    pub(crate) fn operations(&self) -> Vec<Operation> {
        let mut all = Vec::new();
        for (path, item) in self.document["paths"].as_object().expect("paths") {
            for method in METHODS.iter().filter(|method| item.get(**method).is_some()) {
                let what = item[*method].clone();
                all.push(Operation { path: path.clone(), method: method.to_uppercase(), what });
            }
        }
        all
    }

    /// The operation of a route; `path` as in the template, with its parameters in braces.
    pub(crate) fn operation(&self, method: &str, path: &str) -> &Value {
        let found = &self.document["paths"][path][method.to_lowercase()];
        assert!(found.is_object(), "{method} {path} is not described");
        found
    }

    /// What an operation of this description declares for a status, with a reference followed.
    pub(crate) fn response<'a>(&'a self, operation: &'a Value, status: u16) -> Option<&'a Value> {
        let response = operation["responses"].get(status.to_string())?;
        Some(response["$ref"].as_str().map_or(response, |reference| self.at(reference)))
    }

    /// What `#/…` points at.
    pub(crate) fn at(&self, reference: &str) -> &Value {
        let pointer = reference.strip_prefix('#').expect("a reference inside the document");
        self.document.pointer(pointer).unwrap_or_else(|| panic!("{reference} points at nothing"))
    }

    /// A validator for a schema of this document.
    pub(crate) fn validator(&self, schema: &Value) -> Validator {
        let whole = json!({ "allOf": [schema], "components": self.closed });
        jsonschema::options().should_validate_formats(true).build(&whole).expect("a schema")
    }

    /// In what `value` does not fit `schema`.
    pub(crate) fn faults(&self, schema: &Value, value: &Value) -> Vec<String> {
        let validator = self.validator(schema);
        validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect()
    }
}

#[test]
fn the_document_is_openapi_3_1() {
    // Source: https://spec.openapis.org/oas/3.1/schema/2022-10-07
    let rules = files::json("tests/schemas/openapi-3.1.json");
    let validator = jsonschema::options().build(&rules).expect("the rules are a schema");
    let document = files::json("functions/api-docs/openapi.json");
    let faults: Vec<String> =
        validator.iter_errors(&document).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert_eq!(faults, Vec::<String>::new());
}

#[test]
fn every_schema_is_one_and_every_reference_leads_somewhere() {
    let description = Description::read();
    for (name, schema) in description.document["components"]["schemas"].as_object().expect("schemas") {
        assert!(jsonschema::meta::is_valid(schema), "{name}");
    }
    walk(&description.document, &mut |value| {
        if let Some(reference) = value["$ref"].as_str() {
            description.at(reference);
        }
    });
}

#[test]
fn every_component_is_used() {
    let description = Description::read();
    let text = description.document.to_string();
    for kind in ["schemas", "responses", "parameters", "headers"] {
        for name in description.document["components"][kind].as_object().expect(kind).keys() {
            assert!(text.contains(&format!("\"#/components/{kind}/{name}\"")), "{kind}/{name}");
        }
    }
}

#[test]
fn the_examples_are_examples() {
    let description = Description::read();
    let mut seen = 0;
    walk(&description.document, &mut |value| {
        if let (Some(schema), Some(example)) = (value.get("schema"), value.get("example")) {
            seen += 1;
            assert_eq!(description.faults(schema, example), Vec::<String>::new(), "{example}");
        }
    });
    assert!(seen > 40, "{seen}");
}

#[test]
fn the_words_of_the_description_are_the_words_of_the_code() {
    use domain::catalogue::{Os, Plan};
    use domain::command::CommandKind;
    use domain::instance::InstanceStatus;
    use domain::money::Currency;
    use domain::order::{Failure, OrderStatus, PaymentMethod, Step};
    use domain::trading::VpsStatus;
    let description = Description::read();
    let said = |name: &str| description.at(&format!("#/components/schemas/{name}"))["enum"].clone();
    assert_eq!(said("PlanName"), json!(Plan::ALL));
    assert_eq!(said("Os"), json!(Os::ALL));
    assert_eq!(said("Command"), json!(CommandKind::ALL));
    assert_eq!(said("InstanceStatus"), json!(InstanceStatus::ALL));
    assert_eq!(said("Currency"), json!(Currency::ALL));
    assert_eq!(said("Failure"), json!(Failure::ALL));
    assert_eq!(said("OrderStatus"), json!(OrderStatus::ALL));
    assert_eq!(said("PaymentMethod"), json!(PaymentMethod::ALL));
    assert_eq!(said("Step"), json!(Step::ALL));
    assert_eq!(said("VpsStatus"), json!(VpsStatus::ALL));
    let codes: Vec<&str> = Problem::CODES.iter().map(|(code, ..)| *code).collect();
    assert_eq!(description.at("#/components/schemas/Problem")["properties"]["code"]["enum"], json!(codes));
}

/// The functions refuse fields that they do not know; bodies of others than our callers are taken as they come.
#[test]
fn a_request_with_an_unknown_field_is_refused_by_the_description_as_by_the_code() {
    let description = Description::read();
    let open = ["/webhooks/paystack", "/first-boot/{instance}/{token}"];
    let mut seen = 0;
    for operation in description.operations().iter().filter(|one| !open.contains(&one.path.as_str())) {
        let schema = &operation.what["requestBody"]["content"]["application/json"]["schema"];
        let Some(reference) = schema["$ref"].as_str() else { continue };
        seen += 1;
        let closed = &description.at(reference)["additionalProperties"];
        assert_eq!(closed, false, "{} {}", operation.method, operation.path);
    }
    assert_eq!(seen, 4);
}

#[test]
fn an_mt5_account_is_described_as_it_is_read() {
    let description = Description::read();
    let schema = &description.at("#/components/schemas/VpsRequest")["properties"]["mt5_account_id"];
    for text in ["", "123", "1234", "0123", "123456789012", "1234567890123", "12a4", " 1234", "1234\n"] {
        let read = domain::trading::Mt5AccountId::parse(text).is_ok();
        assert_eq!(description.faults(schema, &json!(text)).is_empty(), read, "{text:?}");
    }
    for number in [0_u64, 999, 1000, 999_999_999_999, 1_000_000_000_000] {
        let read = domain::trading::Mt5AccountId::parse(&number.to_string()).is_ok();
        assert_eq!(description.faults(schema, &json!(number)).is_empty(), read, "{number}");
    }
}

/// Every declared problem stands under its own status.
#[test]
fn every_problem_stands_under_its_status() {
    let description = Description::read();
    for operation in description.operations() {
        for status in operation.what["responses"].as_object().expect("responses").keys() {
            let response =
                description.response(&operation.what, status.parse().expect("a number")).expect("one");
            let schema = &response["content"]["application/problem+json"]["schema"];
            for code in schema["allOf"][1]["properties"]["code"]["enum"].as_array().into_iter().flatten() {
                let known = Problem::CODES.iter().find(|(known, ..)| code == known).expect("a known code");
                assert_eq!(known.1.to_string(), *status, "{code} in {} {}", operation.method, operation.path);
            }
        }
    }
}

fn walk<'a>(value: &'a Value, look: &mut impl FnMut(&'a Value)) {
    look(value);
    match value {
        Value::Array(items) => items.iter().for_each(|item| walk(item, look)),
        Value::Object(map) => map.values().for_each(|item| walk(item, look)),
        _ => {}
    }
}
