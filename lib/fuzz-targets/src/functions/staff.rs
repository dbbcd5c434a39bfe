//! `/vps/provision`: what staff send, and the lists of the provider that they choose from.

use app::commands::CommandDesk;
use app::ports::{StartWorkflow, Started, VmHosts, WorkflowError};
use app::providers::Providers;
use app::trading::TradingDesk;
use catalogue::catalogue;
use domain::catalogue::Provider;
use domain::ids::OrderId;
use domain::secret::Secret;
use serde_json::{Value, json};

use super::nothing::Nothing;
use super::{judge, request};
use crate::{choice, scripted};

/// What staff are told at most, in bytes: the provider's lists as they are.
const ANSWER_MAX: usize = 1 << 20;

/// One provider, as it is set up.
struct Only(vm_vultr::Client);

impl VmHosts for Only {
    type Host = vm_vultr::Client;

    fn host(&self, provider: Provider) -> Option<&vm_vultr::Client> {
        (provider == Provider::Vultr).then_some(&self.0)
    }
}

impl StartWorkflow for Nothing {
    async fn start(&self, _: OrderId, _: &str) -> Result<Started, WorkflowError> {
        Ok(Started::Now)
    }
}

/// What makes a request one of staff, with a query.
fn staff(query: &Value) -> Value {
    json!({"claims": {"cognito:groups": "[admin]"}, "queryStringParameters": query})
}

/// A byte for the method; a line with the body, or with the words of the address; the provider's answers.
pub(crate) fn provision(bytes: &[u8]) {
    let (method, rest) = choice(bytes);
    let end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
    let (said, script) = (&rest[..end], rest.get(end + 1..).unwrap_or_default());
    let words = String::from_utf8_lossy(said);
    let mut words = words.split('&');
    let mut word = || words.next().unwrap_or_default();
    let path = "/vps/provision";
    let (request, statuses): (_, &[u16]) = match method % 4 {
        0 => (request("POST", path, &staff(&json!({})), said), &[201, 400, 409, 413, 422, 502, 503]),
        1 => (request("PATCH", path, &staff(&json!({})), said), &[400, 404, 413, 422]),
        2 => {
            let query = json!({"vps_id": word()});
            (request("DELETE", path, &staff(&query), b""), &[400, 404])
        }
        _ => {
            let query = json!({"action": word(), "provider": word(), "vps_id": word()});
            (request("GET", path, &staff(&query), b""), &[200, 400, 404, 502, 503])
        }
    };
    let outcome = scripted::play(scripted::answers(script), false, |http, url| {
        let key = Secret::new(scripted::KEY.to_owned());
        let hosts = Only(vm_vultr::Client::new(http, &format!("{url}/v2"), key));
        let desk = TradingDesk {
            desk: CommandDesk { store: Nothing, queue: Nothing, world: Nothing },
            providers: Providers::new(hosts, Nothing, Nothing),
            workflow: Nothing,
            catalogue: catalogue(),
        };
        async move { vps_provision::handle(&desk, &request).await }
    });
    judge(statuses, ANSWER_MAX, outcome);
}
