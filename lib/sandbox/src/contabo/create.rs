//! `POST /v1/compute/instances`: every check that the API makes, then a machine.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::Value;

use super::machine::{Own, created_shape, link, new};
use super::order::{Order, text};
use super::{Contabo, audits, bad_request, catalogue, object, one, request_id};
use crate::machines::{self, New, Play as _};
use crate::operation::Call;
use crate::world::{Shared, World, locked};

const FIELDS: &[&str] = &[
    "imageId",
    "productId",
    "region",
    "sshKeys",
    "rootPassword",
    "userData",
    "license",
    "period",
    "displayName",
    "defaultUser",
    "addOns",
    "applicationId",
];
const PERIODS: [i8; 4] = [1, 3, 6, 12];
const DISPLAY_NAME_MAX: usize = 255;
const DEFAULT_IMAGE: &str = "afecbb85-e2fc-46f0-9684-b46b1faf00bb";
const DEFAULT_PRODUCT: &str = "V92";
const DEFAULT_REGION: &str = "EU";

/// Answers 201, without an address and without a password.
pub(super) async fn create(State(world): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    let fields = match object(&body, FIELDS) {
        Ok(fields) => fields,
        Err(text) => return bad_request(&text),
    };
    let subject = fields["displayName"].as_str().unwrap_or_default().to_owned();
    let call = Contabo::call("contabo.create", &subject);
    let request_id = request_id(&headers).unwrap_or_default();
    call.run(&world, async { open(&world, &call, &fields, request_id) }).await
}

fn open(world: &Shared, call: &Call<'_>, fields: &Value, request_id: &str) -> Response {
    let new = match checked(world, fields) {
        Ok(new) => new,
        Err(text) => return bad_request(&text),
    };
    let mut inventory = locked(&world.contabo.inventory);
    machines::open(world, call, &mut inventory, new, |machine| {
        let now = world.clock.now_ms();
        audits::note(world, machine, audits::CREATED, request_id);
        one(StatusCode::CREATED, created_shape(machine, world.clock, now), &link(machine))
    })
}

fn checked(world: &World, fields: &Value) -> Result<New<Contabo>, String> {
    let period = match fields.get("period") {
        None | Some(Value::Null) => return Err("period should not be empty".into()),
        Some(period) => period.as_i64().and_then(|period| i8::try_from(period).ok()),
    };
    let period = period
        .filter(|period| PERIODS.contains(period))
        .ok_or("period must be one of the following values: 1, 3, 6, 12")?;
    let region = text(fields, "region")?.unwrap_or(DEFAULT_REGION);
    let region = catalogue::find_region(region)
        .ok_or_else(|| format!("Entry Region not found by region = {region}"))?;
    let product = text(fields, "productId")?.unwrap_or(DEFAULT_PRODUCT);
    let product = catalogue::find_product(product)
        .ok_or_else(|| format!("No offer was found for product ID '{product}' and period '{period}'"))?;
    let display_name = text(fields, "displayName")?.unwrap_or_default();
    if display_name.len() > DISPLAY_NAME_MAX {
        return Err(format!("displayName must be shorter than or equal to {DISPLAY_NAME_MAX} characters"));
    }
    let order = Order::read(&world.contabo, fields, Some(DEFAULT_IMAGE))?;
    if !product.takes(order.image) {
        return Err("You cannot use this image with selected product".into());
    }
    let own = Own {
        region,
        product,
        image: order.image,
        default_user: order.default_user,
        period,
        cancel_date: None,
        reset_at_ms: None,
    };
    Ok(new(world, display_name.to_owned(), own, Some(order.password), order.user_data))
}
