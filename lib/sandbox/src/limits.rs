//! The providers' documented rate limits, and the headers that tell of them.
//!
//! Real time: a faster world has no faster network. Vultr's limit is per address and lives with its gate; Contabo
//! documents a 429 without numbers, so that only the fault `rate_limited` makes one.

use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method};
use axum::middleware::{self, Next};
use axum::response::Response;

use crate::operation::Service;
use crate::world::{Shared, locked};

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
/// A query of EC2 is a form; larger ones are not looked into.
const QUERY_BYTES_MAX: usize = 1 << 20;

/// How many requests pass.
#[derive(Clone, Copy)]
enum Rule {
    /// So many within the last so many milliseconds.
    Window(u32, i64),
    /// So many at once, and so many more each second.
    Bucket(u32, u32),
}

/// What has passed under one rule.
enum Seen {
    /// Moments, oldest first; at most as many as the rule lets pass.
    Window(VecDeque<i64>),
    /// Requests left, in thousandths, at a moment.
    Bucket(i64, i64),
}

/// How a request stands to one rule.
struct Standing {
    limit: u32,
    remaining: u32,
    /// Until the oldest request expires or the bucket is full.
    reset_ms: i64,
    /// Until the next request would pass; `None` = this one does.
    wait_ms: Option<i64>,
}

/// Keyed by service and rule, all constants.
pub(crate) struct Limits {
    enforced: bool,
    seen: Mutex<HashMap<(&'static str, &'static str), Seen>>,
}

impl Limits {
    pub(crate) fn new(enforced: bool) -> Self {
        Self { enforced, seen: Mutex::default() }
    }

    /// Counts a request under every rule, unless one refuses it; the tightest standing.
    fn admit(&self, service: Service, rules: &[(&'static str, Rule)], now_ms: i64) -> Option<Standing> {
        let mut seen = locked(&self.seen);
        let mut tightest: Option<Standing> = None;
        for (name, rule) in rules {
            let seen = seen.entry((service.name(), name)).or_insert_with(|| rule.fresh(now_ms));
            let standing = rule.stand(seen, now_ms);
            if standing.wait_ms.is_some() && self.enforced {
                return Some(standing);
            }
            if tightest.as_ref().is_none_or(|known| standing.remaining < known.remaining) {
                tightest = Some(standing);
            }
        }
        for (name, _) in rules {
            match seen.get_mut(&(service.name(), *name)) {
                Some(Seen::Window(times)) => times.push_back(now_ms),
                Some(Seen::Bucket(left, _)) => *left = (*left - 1_000).max(0),
                None => {}
            }
        }
        tightest.map(|standing| Standing {
            remaining: standing.remaining.saturating_sub(1),
            wait_ms: None,
            ..standing
        })
    }
}

impl Rule {
    fn fresh(self, now_ms: i64) -> Seen {
        match self {
            Self::Window(..) => Seen::Window(VecDeque::new()),
            Self::Bucket(size, _) => Seen::Bucket(i64::from(size) * 1_000, now_ms),
        }
    }

    fn stand(self, seen: &mut Seen, now_ms: i64) -> Standing {
        match (self, seen) {
            (Self::Window(limit, window_ms), Seen::Window(times)) => {
                let full = usize::try_from(limit).unwrap_or(usize::MAX);
                while times.front().is_some_and(|at| *at <= now_ms - window_ms) || times.len() > full {
                    times.pop_front();
                }
                let used = u32::try_from(times.len()).unwrap_or(u32::MAX);
                let reset_ms = times.front().map_or(0, |at| at + window_ms - now_ms);
                let remaining = limit.saturating_sub(used);
                Standing { limit, remaining, reset_ms, wait_ms: (remaining == 0).then_some(reset_ms) }
            }
            (Self::Bucket(limit, per_second), Seen::Bucket(left, at)) => {
                let (size, per_second) = (i64::from(limit) * 1_000, i64::from(per_second.max(1)));
                *left = (*left + (now_ms - *at).max(0) * per_second).min(size);
                *at = now_ms;
                let missing = 1_000 - *left;
                Standing {
                    limit,
                    remaining: u32::try_from(*left / 1_000).unwrap_or(0),
                    reset_ms: (size - *left) / per_second,
                    wait_ms: (missing > 0).then_some(missing / per_second + 1),
                }
            }
            // A rule keeps its shape.
            (Self::Window(limit, _) | Self::Bucket(limit, _), _) => {
                Standing { limit, remaining: limit, reset_ms: 0, wait_ms: None }
            }
        }
    }
}

/// The rules for one request. `path` is below the provider's base; `action` is EC2's.
fn rules(service: Service, method: &Method, path: &str, action: &str) -> Vec<(&'static str, Rule)> {
    match service {
        Service::DigitalOcean => {
            vec![("minute", Rule::Window(250, MINUTE_MS)), ("hour", Rule::Window(5_000, HOUR_MS))]
        }
        Service::Hetzner => vec![("hour", Rule::Bucket(3_600, 1))],
        // Create and statistics: the official page. The other two: a field report.
        Service::Linode if method == Method::POST && path == "/v4/linode/instances" => {
            vec![("create", Rule::Window(20, 15_000))]
        }
        Service::Linode if path.ends_with("/stats") => vec![("stats", Rule::Window(50, MINUTE_MS))],
        Service::Linode if method == Method::GET && is_page_of_linode(path) => {
            vec![("pages", Rule::Window(200, MINUTE_MS))]
        }
        Service::Linode => vec![("other", Rule::Window(1_600, MINUTE_MS))],
        // Sizes as AWS publishes them for a fresh account; they can differ.
        Service::Ec2 => match action {
            "RunInstances" => vec![("run", Rule::Bucket(5, 2))],
            "StartInstances" => vec![("start", Rule::Bucket(5, 2))],
            "TerminateInstances" => vec![("terminate", Rule::Bucket(100, 5))],
            reading if reading.starts_with("Describe") || reading.starts_with("Get") => {
                vec![("read", Rule::Bucket(100, 20))]
            }
            _ => vec![("write", Rule::Bucket(50, 5))],
        },
        Service::Paystack | Service::Vultr | Service::Contabo | Service::CloudWatch => Vec::new(),
    }
}

/// Whether the path is a list rather than one thing: its last part is a word in the plural.
fn is_page_of_linode(path: &str) -> bool {
    path.rsplit('/').next().is_some_and(|last| last.ends_with('s') && last != "stats")
}

/// The router under the service's limits; its answers carry the service's headers.
pub(crate) fn limited(router: Router<Shared>, world: &Shared, service: Service) -> Router<Shared> {
    router.layer(middleware::from_fn_with_state((Shared::clone(world), service), limit))
}

async fn limit(
    State((world, service)): State<(Shared, Service)>,
    mut request: Request,
    next: Next,
) -> Response {
    let mut action = String::new();
    if service == Service::Ec2 {
        let (parts, body) = request.into_parts();
        let Ok(bytes) = axum::body::to_bytes(body, QUERY_BYTES_MAX).await else {
            return service.error(axum::http::StatusCode::PAYLOAD_TOO_LARGE, "Request entity too large");
        };
        let query = parts.uri.query().unwrap_or_default().as_bytes();
        let mut pairs = url::form_urlencoded::parse(query).chain(url::form_urlencoded::parse(&bytes));
        action =
            pairs.find(|(name, _)| name == "Action").map(|(_, value)| value.into_owned()).unwrap_or_default();
        request = Request::from_parts(parts, Body::from(bytes));
    }
    let rules = rules(service, request.method(), request.uri().path(), &action);
    let now = world.clock.now_ms();
    let Some(standing) = world.limits.admit(service, &rules, now) else { return next.run(request).await };
    if let Some(wait_ms) = standing.wait_ms {
        world.counts.add(service.rate_limited_count());
        let mut refused = service.too_many_requests(now, (wait_ms + 999) / 1_000);
        tell(&mut refused, service, &standing, now);
        return refused;
    }
    let mut answer = next.run(request).await;
    // An answer that has them already is a fault's.
    if answer.headers().keys().all(|name| !name.as_str().contains("ratelimit-")) {
        tell(&mut answer, service, &standing, now);
    }
    answer
}

fn tell(answer: &mut Response, service: Service, standing: &Standing, now_ms: i64) {
    let names = match service {
        Service::DigitalOcean | Service::Hetzner => {
            ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"]
        }
        Service::Linode => ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"],
        _ => return,
    };
    let reset = (now_ms + standing.reset_ms + 999) / 1_000;
    let values = [i64::from(standing.limit), i64::from(standing.remaining), reset];
    for (name, value) in names.into_iter().zip(values) {
        answer.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(limits: &Limits, service: Service, method: &Method, path: &str, action: &str, at: i64) -> bool {
        let rules = rules(service, method, path, action);
        limits.admit(service, &rules, at).is_none_or(|standing| standing.wait_ms.is_none())
    }

    /// How many pass at one moment, of ten thousand.
    fn burst(service: Service, method: &Method, path: &str, action: &str) -> usize {
        let limits = Limits::new(true);
        (0..10_000).take_while(|_| passes(&limits, service, method, path, action, 0)).count()
    }

    #[test]
    fn each_provider_lets_as_many_pass_as_it_documents() {
        let (get, post) = (Method::GET, Method::POST);
        assert_eq!(burst(Service::DigitalOcean, &get, "/v2/droplets", ""), 250);
        assert_eq!(burst(Service::Linode, &post, "/v4/linode/instances", ""), 20);
        assert_eq!(burst(Service::Linode, &get, "/v4/linode/instances", ""), 200);
        assert_eq!(burst(Service::Linode, &get, "/v4/linode/instances/1", ""), 1_600);
        assert_eq!(burst(Service::Hetzner, &get, "/servers", ""), 3_600);
        assert_eq!(burst(Service::Ec2, &post, "/ec2", "RunInstances"), 5);
        assert_eq!(burst(Service::Contabo, &get, "/v1/compute/instances", ""), 10_000);
    }

    #[test]
    fn a_window_slides_and_a_bucket_fills_up_again() {
        let (limits, get) = (Limits::new(true), Method::GET);
        let ocean = |at| passes(&limits, Service::DigitalOcean, &get, "/v2/account", "", at);
        assert!((0..250).all(ocean) && !ocean(59_999));
        assert!(ocean(60_000), "the oldest request has expired");
        let cloud = |at| passes(&limits, Service::Hetzner, &get, "/servers", "", at);
        assert!((0..3_600).all(|_| cloud(0)) && !cloud(999));
        assert!(cloud(1_000) && !cloud(1_000), "one more each second");
    }

    #[test]
    fn an_hour_is_counted_beside_the_minute() {
        let (limits, get) = (Limits::new(true), Method::GET);
        let at = |n: i64| n / 250 * MINUTE_MS + n % 250;
        assert!((0..5_000).all(|n| passes(&limits, Service::DigitalOcean, &get, "/", "", at(n))));
        assert!(!passes(&limits, Service::DigitalOcean, &get, "/", "", at(5_000)));
    }

    #[test]
    fn limits_that_are_lifted_still_tell_what_remains() {
        let limits = Limits::new(false);
        let rules = rules(Service::DigitalOcean, &Method::GET, "/", "");
        for _ in 0..6_000 {
            assert!(limits.admit(Service::DigitalOcean, &rules, 0).is_some_and(|s| s.wait_ms.is_none()));
        }
        let standing = limits.admit(Service::DigitalOcean, &rules, 0).expect("a standing");
        assert_eq!((standing.limit, standing.remaining), (250, 0));
    }
}
