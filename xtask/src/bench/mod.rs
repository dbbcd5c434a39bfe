//! `cargo xtask bench`: what the functions cost, each figure against its floor, measured in the same run.
//!
//! Method, figures and what dominates them: docs/performance.md.

mod aws_calls;
mod bootstrap;
mod build;
mod cost;
mod delivery;
mod instructions;
mod inventory;
mod memory;
mod outside;
mod proxy;
mod runtime_api;
mod samples;
mod stack;
mod startup;
mod table;
mod wire;

use crate::progress::Progress;
use outside::Outside;

/// The topics, in the order they are printed.
pub(crate) const PARTS: [&str; 6] = ["startup", "memory", "size", "instructions", "inventory", "stack"];
/// Those that need the functions built for Lambda.
const OF_FUNCTIONS: [&str; 4] = ["startup", "memory", "size", "instructions"];

/// What to measure.
#[derive(Default)]
pub(crate) struct Plan {
    /// Fewer repeats.
    pub(crate) quick: bool,
    /// Measure the binaries that are there.
    pub(crate) as_built: bool,
    /// Only these of `PARTS`; all when empty.
    pub(crate) parts: Vec<String>,
    /// Only these functions; all when empty.
    pub(crate) functions: Vec<String>,
}

/// Measures and prints. A missed aim is printed as such and is no failure.
///
/// # Errors
/// Something does not build or start.
pub(crate) fn run(plan: &Plan) -> anyhow::Result<()> {
    let mut progress = Progress::start();
    let wanted = |part: &str| plan.parts.is_empty() || plan.parts.iter().any(|named| named == part);
    if OF_FUNCTIONS.iter().any(|part| wanted(part)) {
        functions(plan, &wanted, &mut progress)?;
    }
    if wanted("inventory") {
        inventory::measure(&mut progress)?;
    }
    if wanted("stack") {
        stack::measure(plan.quick, &mut progress)?;
    }
    Ok(())
}

fn functions(plan: &Plan, wanted: &impl Fn(&str) -> bool, progress: &mut Progress) -> anyhow::Result<()> {
    let subjects = build::subjects(&plan.functions, plan.as_built, progress)?;
    let outside = Outside::start()?;
    if wanted("startup") {
        startup::measure(&subjects, &outside, if plan.quick { 10 } else { 40 })?;
    }
    if wanted("memory") {
        memory::measure(&subjects, &outside)?;
    }
    if wanted("size") {
        memory::sizes(&subjects)?;
    }
    if wanted("instructions") {
        instructions::measure(&subjects, &outside)?;
    }
    Ok(())
}
