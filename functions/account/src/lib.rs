//! `GET /auth/me` and `PUT /auth/profile`: who the caller is to us, and what they prefer.

use app::ports::{Commit, ReadProfiles};
use app::profile::{self, Change};
use domain::catalogue::Os;
use domain::customer::{CredentialDelivery, Preferences};
use lambda_kit::{Caller, Problem, Reply, Request, json_body};
use serde::{Deserialize, Serialize};

/// The signed-in customer.
#[derive(Debug, Serialize)]
struct Me<'a> {
    id: &'a str,
    email: &'a str,
    email_verified: bool,
    admin: bool,
    preferences: Preferences,
}

/// The body of `PUT /auth/profile`: what is left out stays as it is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProfileChange {
    email_notifications: Option<bool>,
    auto_shutdown: Option<bool>,
    default_os: Option<Os>,
    credential_delivery: Option<CredentialDelivery>,
    rdp_allow_list: Option<Vec<String>>,
}

/// Answers 200 with the customer and their preferences, as they are after the request.
///
/// # Errors
/// 400, 401, 413, 422 naming the field, 503.
pub async fn handle<S>(store: &S, request: &Request) -> Result<Reply, Problem>
where
    S: ReadProfiles + Commit + Sync,
{
    let caller = Caller::of(request)?;
    let preferences = if request.method().as_str() == "PUT" {
        let body: ProfileChange = json_body(request)?;
        let change = Change {
            email_notifications: body.email_notifications,
            auto_shutdown: body.auto_shutdown,
            default_os: body.default_os,
            credential_delivery: body.credential_delivery,
            rdp_allow_list: body.rdp_allow_list,
        };
        profile::change(store, &caller.customer, &change).await?
    } else {
        profile::read(store, &caller.customer).await?
    };
    Reply::json(
        200,
        &Me {
            id: caller.customer.as_str(),
            email: caller.email.as_str(),
            email_verified: caller.email_verified,
            admin: caller.admin,
            preferences,
        },
    )
}
