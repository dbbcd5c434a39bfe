//! `POST /first-boot/{instance}/{token}`: a machine says that its first boot has finished.
//!
//! No customer calls this; the address itself is the permission. Nothing about the machine is told back.

use app::first_boot::FirstBoots;
use app::ports::{Clock, Commit, CompleteTask, ReadFirstBoots, ReadInstances, ReadOrders};
use domain::first_boot::{Fingerprints, Report, parse_digest};
use domain::ids::InstanceId;
use lambda_kit::lambda_http::RequestExt;
use lambda_kit::{Problem, Reply, Request, json_body, path_id};
use serde::Deserialize;

/// What a machine posts.
#[derive(Debug, Deserialize)]
struct ReportBody {
    /// `ready` or `failed`.
    state: String,
    /// SHA-256 of the certificate, hex, with or without colons. Ubuntu names it.
    #[serde(default)]
    cert_sha256: Option<String>,
    /// SHA-1 of the certificate. Windows names it.
    #[serde(default)]
    cert_sha1: Option<String>,
}

/// Answers 204, also to a repeat.
///
/// # Errors
/// 400, 413, 422 naming the field; 404 for an address that we did not make; 503.
pub async fn handle<S, T, C>(first_boots: &FirstBoots<S, T, C>, request: &Request) -> Result<Reply, Problem>
where
    S: Commit + ReadFirstBoots + ReadInstances + ReadOrders + Sync,
    T: CompleteTask + Sync,
    C: Clock + Sync,
{
    let instance: InstanceId = path_id(request, "instance", "first boot")?;
    let token = request.path_parameters_ref().and_then(|p| p.first("token")).unwrap_or_default().to_owned();
    let body: ReportBody = json_body(request)?;
    let succeeded = match body.state.as_str() {
        "ready" => true,
        "failed" => false,
        _ => return Err(Problem::invalid_field("state", "state is ready or failed")),
    };
    let certificate = Fingerprints {
        sha256: digest(body.cert_sha256.as_deref(), "cert_sha256", 64)?,
        sha1: digest(body.cert_sha1.as_deref(), "cert_sha1", 40)?,
    };
    let report = Report { succeeded, certificate, at: first_boots.clock.now() };
    first_boots.report(instance, &token, report).await?;
    Ok(Reply::empty(204))
}

/// An empty digest is a machine that could not read its certificate: no digest.
fn digest(text: Option<&str>, field: &'static str, digits: usize) -> Result<Option<String>, Problem> {
    match text.map(str::trim).filter(|text| !text.is_empty()) {
        None => Ok(None),
        Some(text) => parse_digest(text, digits).map(Some).ok_or_else(|| {
            Problem::invalid_field(field, format!("{digits} hex digits, with or without colons"))
        }),
    }
}
