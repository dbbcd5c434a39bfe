//! One provider, as the stories need to know it.

use domain::catalogue::{Image, Offering, Provider};
use sandbox::{Config, Running};

/// Everything in which providers may differ, besides what [`app::ports::Capabilities`] says.
pub struct Subject<H> {
    /// Who.
    pub provider: Provider,
    /// Its settings in the sandbox, before that starts: rate limits out of the way, keys as wanted.
    pub configure: fn(&mut Config),
    /// A client for this sandbox ([`Running::urls`]), with the keys of its settings.
    pub client: fn(&Running, &Config) -> H,
    /// The same with a key that the provider does not know.
    pub stranger: fn(&Running, &Config) -> H,
    /// What no error may show: keys, passwords, tokens of the settings.
    pub secrets: fn(&Config) -> Vec<String>,
    /// A Linux machine that the sandbox has.
    pub linux: Offering,
    /// A Windows machine that it has; exactly where [`app::ports::Capabilities::windows`] is set.
    pub windows: Option<Offering>,
    /// An id of the right form that no machine has.
    pub unknown_id: &'static str,
    /// Ids of a wrong form: never sent.
    pub malformed_ids: &'static [&'static str],
    /// The smallest page that the provider gives: it may answer with so many although fewer were asked for.
    pub smallest_page: u16,
    /// The sandbox's operation that a delete comes to: `delete`, or `cancel` where machines are rented by the month.
    pub delete: &'static str,
    /// The sandbox's operation that tells the stock, such as `vultr.availability`; `None` where no call tells it.
    pub stock: Option<&'static str>,
    /// Machines carry the tags that they were made with; otherwise names and calls are all they are known by.
    pub tags: bool,
    /// A repeated create of one name (or call) is answered with the machine that is there.
    pub one_machine_per_name: bool,
    /// A refusal for too many requests says when to come again.
    pub tells_retry_after: bool,
}

impl<H> Subject<H> {
    /// Its name in the sandbox: the first part of every operation there.
    pub(crate) fn name(&self) -> &'static str {
        self.provider.as_str()
    }
}

/// An offering in a region whose name for customers nobody asks for here.
pub fn offering(provider: Provider, plan: &str, region: &str, image: (&str, &str)) -> Offering {
    let (name_prefix, fallback_id) = image;
    Offering {
        provider,
        plan: plan.to_owned(),
        region: "anywhere".to_owned(),
        provider_region: region.to_owned(),
        image: Image { name_prefix: name_prefix.to_owned(), fallback_id: fallback_id.to_owned() },
    }
}
