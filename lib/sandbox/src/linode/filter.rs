//! `X-Filter`: a JSON object whose fields all have to fit, with `+and`, `+or` and `+contains`.

use axum::http::HeaderMap;
use serde_json::Value;

use super::Linode;
use crate::machines::Machine;

/// Objects inside each other; deeper ones are refused.
const DEPTH_MAX: u8 = 5;

/// What an instance can be looked for by.
const FIELDS: &[&str] = &["id", "label", "region", "tags"];

#[derive(Default)]
pub(super) struct Filter(Value);

impl Filter {
    /// The filter of a request; without one everything fits.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn read(headers: &HeaderMap) -> Result<Self, String> {
        let Some(text) = headers.get("x-filter") else { return Ok(Self::default()) };
        let filter: Value = serde_json::from_slice(text.as_bytes()).map_err(|_| "Cannot parse filter")?;
        check(&filter, DEPTH_MAX)?;
        Ok(Self(filter))
    }

    /// What it names, for a fault's `match`.
    pub(super) fn subject(&self) -> String {
        self.0.to_string()
    }

    pub(super) fn admits(&self, machine: &Machine<Linode>) -> bool {
        fits(&self.0, machine)
    }
}

fn check(filter: &Value, depth: u8) -> Result<(), String> {
    let (Some(fields), Some(depth)) = (filter.as_object(), depth.checked_sub(1)) else {
        return Err("Cannot parse filter".into());
    };
    for (name, wanted) in fields {
        match name.as_str() {
            "+and" | "+or" => {
                let parts = wanted.as_array().ok_or_else(|| format!("{name} takes a list"))?;
                parts.iter().try_for_each(|part| check(part, depth))?;
            }
            "+order" | "+order_by" => {}
            field if FIELDS.contains(&field) => {}
            field => return Err(format!("Cannot filter on {field}")),
        }
    }
    Ok(())
}

fn fits(filter: &Value, machine: &Machine<Linode>) -> bool {
    let parts = |wanted: &Value| wanted.as_array().cloned().unwrap_or_default();
    filter.as_object().into_iter().flatten().all(|(name, wanted)| match name.as_str() {
        "+and" => parts(wanted).iter().all(|part| fits(part, machine)),
        "+or" => parts(wanted).iter().any(|part| fits(part, machine)),
        "id" => same(wanted, &machine.id),
        "label" => same(wanted, &machine.label),
        "region" => same(wanted, &machine.region),
        "tags" => machine.tags.iter().any(|tag| same(wanted, tag)),
        _ => true,
    })
}

fn same(wanted: &Value, is: &str) -> bool {
    match wanted {
        Value::String(text) => text == is,
        Value::Number(number) => number.to_string() == is,
        wanted => wanted["+contains"].as_str().is_some_and(|part| is.contains(part)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_documented_filters_are_taken() {
        for (filter, is_taken) in [
            (json!({"label": "ord_1-1"}), true),
            (json!({"tags": "a", "+order_by": "label", "+order": "asc"}), true),
            (json!({"+or": [{"tags": "a"}, {"+and": [{"label": {"+contains": "x"}}]}]}), true),
            (json!({"colour": "red"}), false),
            (json!({"+or": {"tags": "a"}}), false),
            (json!([]), false),
            (json!({"+or": [{"+or": [{"+or": [{"+or": [{"+or": []}]}]}]}]}), true),
            (json!({"+or": [{"+or": [{"+or": [{"+or": [{"+or": [{"id": 1}]}]}]}]}]}), false),
        ] {
            assert_eq!(check(&filter, DEPTH_MAX).is_ok(), is_taken, "{filter}");
        }
    }
}
