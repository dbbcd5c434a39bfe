//! `GET /plans`: what is sold, for how much, and where it can be had now.

use app::Chain;
use app::deliverable::{Deliverable, Now};
use app::ports::{Clock, ReadAvailability, ReadCircuits};
use app::views::MoneyView;
use domain::catalogue::{Catalogue, Os, Plan, Product, Region, Specs};
use lambda_kit::{Problem, Reply, Request};
use serde::Serialize;

/// What the handler works with.
pub struct Deps<S, C> {
    /// What the providers said, and which are left alone.
    pub store: S,
    /// The time.
    pub clock: C,
    /// What is sold.
    pub catalogue: &'static Catalogue,
    /// What of it can be had now.
    pub deliverable: Deliverable,
}

/// One product as a customer sees it.
#[derive(Debug, Serialize)]
struct PlanView<'a> {
    plan: Plan,
    os: Os,
    specs: &'a Specs,
    monthly: Vec<MoneyView>,
    /// Ids of the regions where it can be had now, first choice first.
    regions: Vec<&'a str>,
    usual_setup_seconds: u32,
    available: bool,
}

#[derive(Debug, Serialize)]
struct Plans<'a> {
    /// Every region, with its name.
    regions: &'a [Region],
    plans: Vec<PlanView<'a>>,
}

/// Answers 200 with every product, first choice of regions first. Public, cached for a minute.
///
/// A store that does not answer takes nothing off the shelf: then every product shows the regions where it is offered,
/// and checkout looks again.
///
/// # Errors
/// 500 only.
pub async fn handle<S, C>(deps: &Deps<S, C>, _request: &Request) -> Result<Reply, Problem>
where
    S: ReadAvailability + ReadCircuits + Sync,
    C: Clock + Sync,
{
    let now = deps.clock.now();
    let deliverable = deps.deliverable.now(&deps.store, now).await.unwrap_or_else(|error| {
        tracing::warn!(error = %Chain(&error), "availability not read");
        deps.deliverable.unknown(now)
    });
    let plans = deps.catalogue.products.iter().map(|product| view(product, &deliverable)).collect();
    let answer = Plans { regions: &deps.catalogue.regions, plans };
    Ok(Reply::json(200, &answer)?.header("cache-control", "public, max-age=60"))
}

fn view<'a>(product: &'a Product, deliverable: &Now) -> PlanView<'a> {
    let regions = deliverable.regions(product);
    PlanView {
        plan: product.plan,
        os: product.os,
        specs: &product.specs,
        monthly: product.monthly.keys().filter_map(|c| product.price(*c)).map(MoneyView::from).collect(),
        available: !regions.is_empty(),
        regions,
        usual_setup_seconds: product.usual_setup_seconds,
    }
}
