//! `template.yaml` as data. CloudFormation's short tags become objects of one key: `!Ref X` is `{"!Ref": "X"}`.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use yaml_rust2::parser::{Event, EventReceiver, Parser, Tag};
use yaml_rust2::scanner::TScalarStyle;

use super::files;

/// One route of the HTTP API.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Route {
    pub(crate) path: String,
    /// Upper case.
    pub(crate) method: String,
    /// The function's folder.
    pub(crate) function: String,
    /// Whether it is open to everybody: `Authorizer: NONE`.
    pub(crate) public: bool,
}

/// The template.
pub(crate) struct Template(Value);

impl Template {
    pub(crate) fn read() -> Self {
        let mut builder = Builder::default();
        let text = files::text("template.yaml");
        Parser::new_from_str(&text).load(&mut builder, false).expect("template.yaml is YAML");
        Self(builder.done.expect("template.yaml holds a document"))
    }

    pub(crate) fn globals(&self) -> &Value {
        &self.0["Globals"]["Function"]
    }

    pub(crate) fn resource(&self, name: &str) -> &Value {
        &self.0["Resources"][name]
    }

    /// Every resource, by its name.
    pub(crate) fn resources(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.0["Resources"].as_object().expect("resources").iter()
    }

    /// Every resource of a type, by its name.
    pub(crate) fn of_type(&self, kind: &str) -> BTreeMap<&str, &Value> {
        let all = self.resources();
        all.filter(|(_, one)| one["Type"] == kind).map(|(name, one)| (name.as_str(), one)).collect()
    }

    pub(crate) fn parameter(&self, name: &str) -> &Value {
        &self.0["Parameters"][name]
    }

    /// The parameters whose values nobody may see.
    pub(crate) fn no_echo_parameters(&self) -> Vec<String> {
        let all = self.0["Parameters"].as_object().expect("parameters");
        all.iter().filter(|(_, one)| one["NoEcho"] == true).map(|(name, _)| name.clone()).collect()
    }

    /// Every function: its folder, and its resource.
    pub(crate) fn functions(&self) -> BTreeMap<String, (&str, &Value)> {
        let functions = self.of_type("AWS::Serverless::Function");
        functions
            .into_iter()
            .map(|(name, one)| {
                let code = one["Properties"]["CodeUri"].as_str().expect("a CodeUri");
                let folder = code.trim_end_matches('/').rsplit('/').next().expect("a folder");
                (folder.to_owned(), (name, &one["Properties"]))
            })
            .collect()
    }

    /// A function's setting, its own or everybody's.
    pub(crate) fn setting<'a>(&'a self, function: &'a Value, name: &str) -> &'a Value {
        let own = &function[name];
        if own.is_null() { &self.globals()[name] } else { own }
    }

    pub(crate) fn routes(&self) -> Vec<Route> {
        let mut routes = Vec::new();
        for (folder, (_, function)) in self.functions() {
            let Some(events) = function["Events"].as_object() else { continue };
            for event in events.values().filter(|event| event["Type"] == "HttpApi") {
                let properties = &event["Properties"];
                routes.push(Route {
                    path: properties["Path"].as_str().expect("a path").to_owned(),
                    method: properties["Method"].as_str().expect("a method").to_uppercase(),
                    function: folder.clone(),
                    public: properties["Auth"]["Authorizer"] == "NONE",
                });
            }
        }
        routes.sort();
        routes
    }
}

/// What stands behind a reference: `{"!GetAtt": "Table.Arn"}` is `Table`.
pub(crate) fn referred(value: &Value) -> Option<&str> {
    let name = value.get("!GetAtt").or_else(|| value.get("!Ref"))?.as_str()?;
    name.split('.').next()
}

/// One thing or several: always several.
pub(crate) fn list(value: &Value) -> Vec<&Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(items) => items.iter().collect(),
        one => vec![one],
    }
}

#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    done: Option<Value>,
}

enum Open {
    List(Vec<Value>, Option<Tag>),
    Object(Map<String, Value>, Option<String>, Option<Tag>),
}

impl Builder {
    fn put(&mut self, value: Value) {
        match self.open.last_mut() {
            None => self.done = Some(value),
            Some(Open::List(items, _)) => items.push(value),
            Some(Open::Object(map, key, _)) => match key.take() {
                None => *key = Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned)),
                Some(name) => {
                    let before = map.insert(name.clone(), value);
                    assert!(before.is_none(), "{name} stands twice in template.yaml");
                }
            },
        }
    }
}

fn tagged(value: Value, tag: Option<Tag>) -> Value {
    match tag {
        Some(tag) => json!({ format!("{}{}", tag.handle, tag.suffix): value }),
        None => value,
    }
}

fn scalar(text: String, style: TScalarStyle) -> Value {
    if style != TScalarStyle::Plain {
        return Value::String(text);
    }
    match text.as_str() {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        "" | "null" | "~" => Value::Null,
        number => number.parse::<i64>().map_or_else(|_| Value::String(text), Value::from),
    }
}

impl EventReceiver for Builder {
    fn on_event(&mut self, event: Event) {
        match event {
            Event::Scalar(text, style, _, tag) => {
                let value = if tag.is_some() { Value::String(text) } else { scalar(text, style) };
                self.put(tagged(value, tag));
            }
            Event::SequenceStart(_, tag) => self.open.push(Open::List(Vec::new(), tag)),
            Event::MappingStart(_, tag) => self.open.push(Open::Object(Map::new(), None, tag)),
            Event::SequenceEnd | Event::MappingEnd => {
                let value = match self.open.pop().expect("something open") {
                    Open::List(items, tag) => tagged(Value::Array(items), tag),
                    Open::Object(map, _, tag) => tagged(Value::Object(map), tag),
                };
                self.put(value);
            }
            Event::Alias(_) => panic!("template.yaml holds an alias, which CloudFormation does not read"),
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart
            | Event::DocumentEnd => {}
        }
    }
}
