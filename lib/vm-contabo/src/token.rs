//! The token that opens the API: a password grant of OpenID Connect, shared by all calls of the process.

use std::time::Duration;

use app::ports::VmError;
use domain::secret::Secret;
use http_call::{Answer, Base, Patience, bearer, bounded, lenient};
use reqwest::header::HeaderValue;
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep};

use crate::failure;

/// What an account signs in with. The password is the API's own, not that of the customer panel.
pub struct Credentials {
    /// The OAuth2 client's id.
    pub client_id: Secret<String>,
    /// The OAuth2 client's secret.
    pub client_secret: Secret<String>,
    /// The account's e-mail address.
    pub user: Secret<String>,
    /// The API password.
    pub password: Secret<String>,
}

const TOKEN_PATH: &[&str] = &["auth", "realms", "contabo", "protocol", "openid-connect", "token"];
const PATIENCE: Patience = Patience { per_try: Duration::from_secs(4), whole: Duration::from_secs(6) };
const BODY_MAX: usize = 64 << 10;
/// `invalid_grant` comes for right credentials too when there is much to do: it counts when it comes this often.
const GRANTS_MAX: u32 = 3;
const GRANT_PAUSE: Duration = Duration::from_millis(250);
/// A token's life when the answer does not say, and the longest that is believed.
const LIFE_DEFAULT: Duration = Duration::from_secs(300);
const LIFE_MAX: Duration = Duration::from_secs(24 * 3600);
/// How long before its end a token is replaced, if its life is twice that.
const EARLY: Duration = Duration::from_secs(60);
/// How long an old token that still lives is used before the next attempt to replace it.
const NEXT_ATTEMPT: Duration = Duration::from_secs(5);
const TEXT_CHARS_MAX: usize = 200;

/// A token, ready for its header.
#[derive(Clone)]
pub(crate) struct Token {
    pub(crate) header: HeaderValue,
    serial: u64,
    fresh_until: Instant,
    lives_until: Instant,
}

/// Why there is no token. Nothing was done at the API then.
#[derive(Clone)]
enum Failure {
    /// The client's credentials are dead: asking again is pointless.
    Dead(String),
    /// Refused, in their words.
    Refused(String),
    /// It may work in a moment.
    Passing { retry_after: Option<u32> },
}

impl From<Failure> for VmError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Dead(text) | Failure::Refused(text) => Self::Unauthorized(text),
            Failure::Passing { retry_after } => Self::Busy { retry_after },
        }
    }
}

#[derive(Default)]
struct State {
    token: Option<Token>,
    serial: u64,
    /// The last failure, for those who waited while it happened.
    failed: Option<(Instant, Failure)>,
}

/// The source of tokens: one request to it at a time, whose outcome serves everybody who waited for it.
pub(crate) struct Tokens {
    http: reqwest::Client,
    url: Option<String>,
    credentials: Credentials,
    state: Mutex<State>,
}

#[derive(Deserialize)]
struct Grant {
    #[serde(deserialize_with = "secret")]
    access_token: Secret<String>,
    #[serde(default, deserialize_with = "lenient::integer")]
    expires_in: Option<i64>,
}

fn secret<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Secret<String>, D::Error> {
    let text = lenient::text(deserializer)?;
    text.map(Secret::new).ok_or_else(|| serde::de::Error::custom("no token"))
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
    #[serde(default, deserialize_with = "lenient::word")]
    error_description: String,
}

impl Tokens {
    /// `auth_url`: `https://auth.contabo.com`.
    pub(crate) fn new(http: reqwest::Client, auth_url: &str, credentials: Credentials) -> Self {
        let url = Base::new(auth_url).at(TOKEN_PATH);
        Self { http, url, credentials, state: Mutex::default() }
    }

    /// A token with some life left.
    ///
    /// # Errors
    /// `Unauthorized` for refused credentials, `Busy` for anything that may pass. The API has seen nothing.
    pub(crate) async fn token(&self) -> Result<Token, VmError> {
        let asked = Instant::now();
        let mut state = self.state.lock().await;
        let now = Instant::now();
        if let Some(token) = state.token.as_ref().filter(|token| now < token.fresh_until) {
            return Ok(token.clone());
        }
        match &state.failed {
            Some((_, why @ Failure::Dead(_))) => return Err(why.clone().into()),
            Some((at, why)) if *at >= asked => return Err(why.clone().into()),
            _ => {}
        }
        match self.ask().await {
            Ok((header, life)) => {
                state.serial += 1;
                state.failed = None;
                let fresh_until = now + (life - EARLY.min(life / 2));
                let token = Token { header, serial: state.serial, fresh_until, lives_until: now + life };
                state.token = Some(token.clone());
                Ok(token)
            }
            Err(why) => {
                let now = Instant::now();
                if let (Failure::Passing { .. }, Some(old)) = (&why, &mut state.token)
                    && now < old.lives_until
                {
                    old.fresh_until = old.lives_until.min(now + NEXT_ATTEMPT);
                    return Ok(old.clone());
                }
                state.failed = Some((now, why.clone()));
                Err(why.into())
            }
        }
    }

    /// The API does not take this token: the next call gets another one, unless somebody was faster.
    pub(crate) async fn reject(&self, token: &Token) {
        let mut state = self.state.lock().await;
        if state.token.as_ref().is_some_and(|current| current.serial == token.serial) {
            state.token = None;
        }
    }

    async fn ask(&self) -> Result<(HeaderValue, Duration), Failure> {
        let Some(url) = &self.url else {
            return Err(Failure::Refused("no address to sign in at".to_owned()));
        };
        let form = [
            ("grant_type", "password"),
            ("client_id", self.credentials.client_id.expose()),
            ("client_secret", self.credentials.client_secret.expose()),
            ("username", self.credentials.user.expose()),
            ("password", self.credentials.password.expose()),
        ];
        let mut grants = 1;
        loop {
            let asked = http_call::read(PATIENCE, BODY_MAX, || self.http.post(url).form(&form)).await;
            let answer = asked.map_err(|why| {
                tracing::warn!(error = &why as &dyn std::error::Error, "no token can be had");
                Failure::Passing { retry_after: None }
            })?;
            if answer.is_success() {
                return granted(&answer);
            }
            let (why, may_pass) = refused(&answer);
            if !may_pass || grants == GRANTS_MAX {
                return Err(why);
            }
            tracing::info!(grants, "a grant is asked for again");
            sleep(GRANT_PAUSE * grants).await;
            grants += 1;
        }
    }
}

fn granted(answer: &Answer) -> Result<(HeaderValue, Duration), Failure> {
    let grant: Grant = answer.json().map_err(|_| passing(answer))?;
    let header = bearer(grant.access_token.expose()).ok_or_else(|| passing(answer))?;
    let life =
        grant.expires_in.and_then(|seconds| u64::try_from(seconds).ok()).filter(|seconds| *seconds > 0);
    Ok((header, life.map_or(LIFE_DEFAULT, Duration::from_secs).min(LIFE_MAX)))
}

/// What a refusal of the token endpoint means, and whether the same request may be granted a moment later.
fn refused(answer: &Answer) -> (Failure, bool) {
    let client_error = (400..500).contains(&answer.status) && !matches!(answer.status, 408 | 429);
    let Some(refusal) = client_error.then(|| answer.json::<Refusal>().ok()).flatten() else {
        return (passing(answer), false);
    };
    let text = bounded(&format!("{}: {}", refusal.error, refusal.error_description), TEXT_CHARS_MAX);
    match refusal.error.as_str() {
        "invalid_client" | "unauthorized_client" => {
            tracing::error!(text, "Contabo no longer knows our client: new credentials are needed");
            (Failure::Dead(text), false)
        }
        "invalid_grant" => (Failure::Refused(text), true),
        _ => (Failure::Refused(text), false),
    }
}

fn passing(answer: &Answer) -> Failure {
    tracing::warn!(answer = answer.outline(), "no token can be had");
    Failure::Passing { retry_after: failure::retry_after(answer) }
}
