//! Settings of one sandbox, from code or from flags and environment.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use anyhow::{Context, bail};

use crate::desktops::Mode;
use crate::random;

/// Vultr's documented limit per source address.
const VULTR_REQUESTS_PER_SECOND: u32 = 30;
/// As seen in the field; the documentation does not say.
const CONTABO_TOKEN_SECONDS: u32 = 300;

/// Everything a sandbox is started with. Holds keys, hence no `Debug`.
#[derive(Clone)]
pub struct Config {
    /// Where to listen; port 0 takes any free one.
    pub listen: SocketAddr,
    /// What callers and browsers put before the paths, when it is not `http://<listen>`.
    pub public_url: Option<String>,
    /// How many times faster than reality boots, webhook retries and refunds go. Timeouts stay real.
    pub time_factor: u32,
    /// What stands behind the machines' addresses.
    pub desktops: Mode,
    /// The machines' files; made if missing.
    pub work_dir: PathBuf,
    /// `sk_test_…` or `sk_live_…`: the Bearer key, the webhooks' signing key, and what `domain` says.
    pub paystack_secret_key: String,
    /// The Bearer key.
    pub vultr_api_key: String,
    /// What the token endpoint takes.
    pub contabo_client_id: String,
    /// What the token endpoint takes.
    pub contabo_client_secret: String,
    /// The account's e-mail address.
    pub contabo_user: String,
    /// The separate API password.
    pub contabo_api_password: String,
    /// How long a token is good, in real seconds.
    pub contabo_token_seconds: u32,
    /// The Bearer key.
    pub digitalocean_token: String,
    /// The Bearer key.
    pub linode_token: String,
    /// The Bearer key.
    pub hetzner_token: String,
    /// `AKIA…`
    pub ec2_access_key_id: String,
    /// What requests are signed with.
    pub ec2_secret_access_key: String,
    /// Where Paystack's events go; without one none is sent.
    pub webhook_url: Option<String>,
    /// Addresses that may use the Vultr key; empty = all.
    pub vultr_allow_list: Vec<IpAddr>,
    /// Requests per second and source address before 429.
    pub vultr_requests_per_second: u32,
    /// Whether DigitalOcean, Linode, Hetzner and EC2 refuse what goes over their documented limits. Their headers
    /// tell what remains in any case.
    pub rate_limits: bool,
}

/// What `Config::from_args` found.
pub enum Started {
    /// Go ahead.
    Run {
        /// The settings.
        config: Box<Config>,
        /// The keys that were made up because none was given, by name: the user cannot know them otherwise.
        made_keys: Vec<(String, String)>,
    },
    /// Print this and end.
    Help(&'static str),
}

/// The binary's flags; each has an environment variable `SANDBOX_…` of the same name.
const HELP: &str = "\
sandbox: Paystack, six providers and their desktops on one machine

  --listen ADDRESS:PORT         default 127.0.0.1:4580; port 0 takes a free one
  --public-url URL              what callers reach it by, when not http://ADDRESS:PORT
  --time-factor N               how many times faster than reality; default 1
  --desktops auto|real|built-in what stands behind the machines; default auto
  --work-dir DIR                the machines' files; default .local/sandbox
  --webhook-url URL             where Paystack's events go
  --vultr-rate-limit N          requests per second and address; default 30
  --rate-limits true|false      whether the other providers' documented limits hold; default true

Keys; what is missing is made up and printed:

  --paystack-secret-key KEY     sk_test_… or sk_live_…
  --vultr-api-key KEY
  --contabo-client-id ID  --contabo-client-secret KEY  --contabo-user EMAIL  --contabo-api-password PASSWORD
  --digitalocean-token KEY
  --linode-token KEY
  --hetzner-token KEY
  --ec2-access-key-id ID  --ec2-secret-access-key KEY

Each can be given as an environment variable instead: SANDBOX_LISTEN, SANDBOX_TIME_FACTOR, …
";

const FLAGS: &[&str] =
    &["listen", "public-url", "time-factor", "desktops", "work-dir", "webhook-url", "vultr-rate-limit"];

impl Config {
    /// A sandbox on a free loopback port with keys of its own, in real time, with built-in desktops. Of the rate
    /// limits only Vultr's holds, which has a number of its own: tests ask more often than anybody else.
    pub fn local(work_dir: impl Into<PathBuf>) -> Self {
        Self {
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0),
            public_url: None,
            time_factor: 1,
            desktops: Mode::BuiltIn,
            work_dir: work_dir.into(),
            paystack_secret_key: format!("sk_test_{}", random::code(40)),
            vultr_api_key: random::code(36).to_uppercase(),
            contabo_client_id: format!("INT-{}", random::code(8)),
            contabo_client_secret: random::code(32),
            contabo_user: "operator@example.com".into(),
            contabo_api_password: random::password(),
            contabo_token_seconds: CONTABO_TOKEN_SECONDS,
            digitalocean_token: format!("dop_v1_{}", random::code(64)),
            linode_token: random::code(64),
            hetzner_token: random::code(64),
            ec2_access_key_id: format!("AKIA{}", random::code(16).to_uppercase()),
            ec2_secret_access_key: random::code(40),
            webhook_url: None,
            vultr_allow_list: Vec::new(),
            vultr_requests_per_second: VULTR_REQUESTS_PER_SECOND,
            rate_limits: false,
        }
    }

    /// Reads `--flag value` and `--flag=value`, then `SANDBOX_FLAG` from `environment` for what is missing.
    ///
    /// # Errors
    /// An unknown flag, a flag without a value, or a value that cannot be read; the message names it.
    pub fn from_args(
        args: impl IntoIterator<Item = String>,
        environment: impl Fn(&str) -> Option<String>,
    ) -> anyhow::Result<Started> {
        let mut defaults = Self::local(".local/sandbox");
        let mut given: Vec<(String, String)> = Vec::new();
        let mut args = args.into_iter();
        while let Some(arg) = args.next() {
            if arg == "--help" || arg == "-h" {
                return Ok(Started::Help(HELP));
            }
            let Some(flag) = arg.strip_prefix("--") else { bail!("unexpected argument `{arg}`; see --help") };
            let (name, value) = match flag.split_once('=') {
                Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                None => (flag.to_owned(), None),
            };
            if !FLAGS.contains(&name.as_str()) && !defaults.keys().iter().any(|(key, _)| *key == name) {
                bail!("unknown flag `--{name}`; see --help");
            }
            let value = value.or_else(|| args.next()).with_context(|| format!("--{name} needs a value"))?;
            given.push((name, value));
        }
        let value = |name: &str| {
            let flag = given.iter().rev().find(|(flag, _)| flag == name).map(|(_, value)| value.clone());
            let variable = format!("SANDBOX_{}", name.replace('-', "_").to_uppercase());
            flag.or_else(|| environment(&variable)).filter(|value| !value.is_empty())
        };
        let mut made_keys = Vec::new();
        for (name, key) in defaults.keys() {
            match value(name) {
                Some(given) => *key = given,
                None => made_keys.push((name.replace('-', "_"), key.clone())),
            }
        }
        let config = Self {
            listen: parsed("listen", value("listen").unwrap_or_else(|| "127.0.0.1:4580".into()))?,
            public_url: value("public-url").map(|url| url.trim_end_matches('/').to_owned()),
            time_factor: parsed("time-factor", value("time-factor").unwrap_or_else(|| "1".into()))?,
            desktops: mode(&value("desktops").unwrap_or_else(|| "auto".into()))?,
            work_dir: value("work-dir").map_or_else(|| defaults.work_dir.clone(), PathBuf::from),
            webhook_url: value("webhook-url"),
            vultr_requests_per_second: parsed(
                "vultr-rate-limit",
                value("vultr-rate-limit").unwrap_or_else(|| VULTR_REQUESTS_PER_SECOND.to_string()),
            )?,
            rate_limits: parsed("rate-limits", value("rate-limits").unwrap_or_else(|| "true".into()))?,
            ..defaults
        };
        config.check()?;
        Ok(Started::Run { config: Box::new(config), made_keys })
    }

    /// Every key with the name of its flag.
    fn keys(&mut self) -> [(&'static str, &mut String); 11] {
        [
            ("paystack-secret-key", &mut self.paystack_secret_key),
            ("vultr-api-key", &mut self.vultr_api_key),
            ("contabo-client-id", &mut self.contabo_client_id),
            ("contabo-client-secret", &mut self.contabo_client_secret),
            ("contabo-user", &mut self.contabo_user),
            ("contabo-api-password", &mut self.contabo_api_password),
            ("digitalocean-token", &mut self.digitalocean_token),
            ("linode-token", &mut self.linode_token),
            ("hetzner-token", &mut self.hetzner_token),
            ("ec2-access-key-id", &mut self.ec2_access_key_id),
            ("ec2-secret-access-key", &mut self.ec2_secret_access_key),
        ]
    }

    /// # Errors
    /// A key of the wrong form, or a webhook URL that is none.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        let key = &self.paystack_secret_key;
        if !(key.starts_with("sk_test_") || key.starts_with("sk_live_")) {
            bail!("the Paystack secret key must begin with sk_test_ or sk_live_");
        }
        if let Some((name, _)) = self.clone().keys().into_iter().find(|(_, key)| key.is_empty()) {
            bail!("--{name} must not be empty");
        }
        if self.time_factor == 0 {
            bail!("the time factor must be at least 1");
        }
        if let Some(url) = &self.webhook_url {
            webhook_url(url)?;
        }
        Ok(())
    }
}

/// # Errors
/// When it is no absolute http or https URL.
pub(crate) fn webhook_url(text: &str) -> anyhow::Result<()> {
    let url = url::Url::parse(text).context("the webhook URL is not a URL")?;
    match url.scheme() {
        "http" | "https" => Ok(()),
        scheme => bail!("the webhook URL must be http or https, not {scheme}"),
    }
}

fn parsed<T: std::str::FromStr>(name: &str, text: String) -> anyhow::Result<T>
where
    T::Err: std::error::Error + Send + Sync + 'static,
{
    text.parse().with_context(|| format!("--{name} cannot be `{text}`"))
}

fn mode(text: &str) -> anyhow::Result<Mode> {
    match text {
        "auto" => Ok(Mode::Auto),
        "real" => Ok(Mode::Real),
        "built-in" => Ok(Mode::BuiltIn),
        other => bail!("--desktops is auto, real or built-in, not `{other}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(args: &[&str], environment: &[(&str, &str)]) -> anyhow::Result<Config> {
        let lookup = |name: &str| environment.iter().find(|(k, _)| *k == name).map(|(_, v)| v.to_string());
        match Config::from_args(args.iter().map(ToString::to_string), lookup)? {
            Started::Run { config, .. } => Ok(*config),
            Started::Help(_) => bail!("help"),
        }
    }

    #[test]
    fn flags_win_over_the_environment_and_both_over_defaults() {
        let environment =
            [("SANDBOX_TIME_FACTOR", "9"), ("SANDBOX_LISTEN", "127.0.0.1:1"), ("SANDBOX_WEBHOOK_URL", "")];
        let config = read(&["--time-factor", "60", "--desktops=built-in"], &environment).expect("readable");
        assert_eq!(config.time_factor, 60);
        assert_eq!(config.listen.port(), 1);
        assert_eq!(config.desktops, Mode::BuiltIn);
        assert_eq!(config.webhook_url, None);
        assert!(config.paystack_secret_key.starts_with("sk_test_"));
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for (args, named) in [
            (&["--time-factor", "fast"][..], "--time-factor"),
            (&["--desktops", "toy"], "toy"),
            (&["--speed", "1"], "--speed"),
            (&["--listen"], "--listen"),
            (&["up"], "`up`"),
            (&["--paystack-secret-key", "pk_test_x"], "sk_test_"),
            (&["--webhook-url", "ftp://x/"], "ftp"),
            (&["--time-factor", "0"], "at least 1"),
        ] {
            let error = read(args, &[]).err().map(|e| format!("{e:#}")).unwrap_or_default();
            assert!(error.contains(named), "{args:?}: {error}");
        }
    }
}
