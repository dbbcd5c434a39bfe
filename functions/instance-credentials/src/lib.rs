//! `GET /instances/{id}/credentials`: decrypts for the owner, with an audit line first.

use std::net::IpAddr;

use app::credentials::Credentials;
use app::ports::{Clock, Commit, Decrypt, Ids, ReadCredentials, ReadInstances};
use domain::first_boot::Fingerprints;
use domain::ids::InstanceId;
use lambda_kit::{Caller, Problem, Reply, Request, path_id, request_id};
use serde::Serialize;

/// How to sign in.
#[derive(Serialize)]
struct CredentialsView<'a> {
    address: IpAddr,
    port: u16,
    username: &'a str,
    password: &'a str,
    certificate: Option<&'a Fingerprints>,
}

/// Answers 200, never to be cached.
///
/// # Errors
/// 401, 404 (also for another customer's), 409 while there are none, 503.
pub async fn handle<S, K, W>(credentials: &Credentials<S, K, W>, request: &Request) -> Result<Reply, Problem>
where
    S: Commit + ReadInstances + ReadCredentials + Sync,
    K: Decrypt + Sync,
    W: Clock + Ids + Sync,
{
    let caller = Caller::of(request)?;
    let id: InstanceId = path_id(request, "id", "desktop")?;
    let revealed = credentials.reveal(&caller.customer, id, &request_id(request)).await?;
    Reply::json(
        200,
        &CredentialsView {
            address: revealed.address,
            port: revealed.port,
            username: &revealed.username,
            password: revealed.password.expose(),
            certificate: revealed.certificate.as_ref(),
        },
    )
}
