//! Who may call: keys, and the addresses from which they are taken.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Mutex;

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;

use crate::operation::Service;
use crate::world::{World, locked};

/// Per provider, the addresses that may use its key; none = all.
#[derive(Default)]
pub(crate) struct AllowLists(Mutex<BTreeMap<&'static str, Vec<IpAddr>>>);

impl AllowLists {
    pub(crate) fn set(&self, provider: &'static str, addresses: Vec<IpAddr>) {
        locked(&self.0).insert(provider, addresses);
    }

    fn admit(&self, provider: &'static str, caller: IpAddr) -> bool {
        locked(&self.0).get(provider).is_none_or(|listed| listed.is_empty() || listed.contains(&caller))
    }

    pub(crate) fn clear(&self) {
        locked(&self.0).clear();
    }
}

/// The token of `Authorization: Bearer …`.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

/// The refusal of a call whose key is not right or not taken from that address, counted; `None` = go on.
pub(crate) fn refusal(
    world: &World,
    service: Service,
    key_is_right: bool,
    caller: IpAddr,
) -> Option<Response> {
    let answer = if !key_is_right {
        service.unauthorized()
    } else if !world.allow_lists.admit(service.name(), caller) {
        service.error(StatusCode::UNAUTHORIZED, &format!("Unauthorized IP address: {caller}"))
    } else {
        return None;
    };
    world.counts.add(service.unauthorized_count());
    Some(answer)
}
