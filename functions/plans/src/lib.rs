//! `GET /plans`: what is sold, for how much, and where.

use app::views::MoneyView;
use domain::catalogue::{Catalogue, Os, Plan, Product, Specs};
use lambda_kit::{Problem, Reply, Request};
use serde::Serialize;

/// One product as a customer sees it.
#[derive(Debug, Serialize)]
struct PlanView<'a> {
    plan: Plan,
    os: Os,
    specs: &'a Specs,
    monthly: Vec<MoneyView>,
    regions: Vec<&'a str>,
    usual_setup_seconds: u32,
    available: bool,
}

#[derive(Debug, Serialize)]
struct Plans<'a> {
    plans: Vec<PlanView<'a>>,
}

/// Answers 200 with every product, first choice of regions first. Public, cached for a minute.
///
/// # Errors
/// 500 only.
pub async fn handle(catalogue: &&'static Catalogue, _request: &Request) -> Result<Reply, Problem> {
    let plans = catalogue.products.iter().map(view).collect();
    Ok(Reply::json(200, &Plans { plans })?.header("cache-control", "public, max-age=60"))
}

fn view(product: &Product) -> PlanView<'_> {
    PlanView {
        plan: product.plan,
        os: product.os,
        specs: &product.specs,
        monthly: product.monthly.keys().filter_map(|c| product.price(*c)).map(MoneyView::from).collect(),
        regions: product.regions(),
        usual_setup_seconds: product.usual_setup_seconds,
        available: !product.offerings.is_empty(),
    }
}
