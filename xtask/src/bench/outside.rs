//! The outside world of a measured function: AWS and Paystack that answer at once, so that only the function is measured.

use std::io::BufReader;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

use serde_json::{Value, json};

use super::wire::{self, Request};

/// Every secret in one object: each function takes the fields that it knows. The Paystack key is the one that the
/// samples in events/ are signed with.
const SECRETS: &str = r#"{"secret_key":"sk_test_not_a_real_key_0123456789abcdef","api_key":"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789","signing_key":"0123456789abcdef0123456789abcdef0123456789abcdef"}"#;
const SENT_MAIL: &str = r#"<SendRawEmailResponse xmlns="http://ses.amazonaws.com/doc/2010-12-01/"><SendRawEmailResult><MessageId>0</MessageId></SendRawEmailResult></SendRawEmailResponse>"#;

/// The stub; serves until this program ends.
pub(crate) struct Outside {
    address: SocketAddr,
}

impl Outside {
    /// Listens on a free port of this machine.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                thread::spawn(move || serve(&stream));
            }
        });
        Ok(Self { address })
    }

    /// Its base URL, for `AWS_ENDPOINT_URL` and the gateways.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

fn serve(stream: &TcpStream) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut input = BufReader::new(stream);
    loop {
        let request = wire::read_request(&mut input).ok()??;
        let (kind, body) = answer(&request);
        let mut output = stream;
        wire::write_response(&mut output, 200, &[("content-type", kind)], body.as_bytes()).ok()?;
    }
}

/// Content type and body. An empty table, plausible secrets, and consent to everything else.
fn answer(request: &Request) -> (&'static str, String) {
    let sent: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let Some(target) = request.header("x-amz-target") else {
        return match request.path.split('?').next() {
            Some("/") => ("text/xml", SENT_MAIL.to_owned()),
            _ => ("application/json", gateway(&sent).to_string()),
        };
    };
    let operation = target.rsplit('.').next().unwrap_or(target);
    let body = match operation {
        "Query" => json!({"Items": [], "Count": 0, "ScannedCount": 0}),
        "GetSecretValue" => json!({"Name": sent["SecretId"], "SecretString": SECRETS}),
        "SendMessage" => json!({"MessageId": "0", "MD5OfMessageBody": "0"}),
        "StartExecution" => json!({"executionArn": "arn", "startDate": 0}),
        "Encrypt" => json!({"CiphertextBlob": "AAAA"}),
        _ => json!({}),
    };
    ("application/x-amz-json-1.0", body.to_string())
}

/// Paystack's answer to a new transaction; others take it for an answer without data.
fn gateway(sent: &Value) -> Value {
    json!({
        "status": true,
        "message": "",
        "data": {"authorization_url": "https://checkout.example/0", "access_code": "0", "reference": sent["reference"]},
    })
}
