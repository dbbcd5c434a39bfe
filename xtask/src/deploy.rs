//! `cargo xtask deploy`: builds for Lambda and hands the template to the SAM command.

mod networks;
mod parameters;
mod sam;
mod target;

use crate::functions;
use crate::progress::Progress;
use parameters::Parameters;

/// What to deploy, and where.
pub(crate) struct Plan {
    /// Name of the CloudFormation stack.
    pub(crate) stack_name: String,
    /// `arm64` or `x86_64`; by default arm64 where it can be built.
    pub(crate) architecture: Option<String>,
    /// Template parameters, name to value.
    pub(crate) parameters: Vec<(String, String)>,
}

/// Builds the functions and deploys the stack into the account of the AWS environment variables or profile.
///
/// # Errors
/// A missing program or key, code that does not compile, or a refusal by AWS.
pub(crate) fn run(plan: &Plan) -> anyhow::Result<()> {
    sam::look()?;
    let of_environment = |variable: &str| std::env::var(variable).ok().filter(|key| !key.is_empty());
    let parameters = Parameters::gather(&plan.parameters, of_environment)?;
    let target = target::choose(plan.architecture.as_deref(), target::installed()?, target::linking_here)?;
    let (there, missing) = parameters.providers();
    let config = sam::config(&parameters.for_architecture(target.architecture))?;
    let mut progress = Progress::start();
    progress.note(&format!("providers: {}", there.join(", ")));
    if !missing.is_empty() {
        progress.note(&format!("not set up, by this deployment: {}", missing.join(", ")));
    }
    let linker = (target::linking_here(target) == target::Linking::ByItsLinker)
        .then_some((target.linker_variable, target.linker));
    functions::build_release(&mut progress, target.triple, linker)?;
    sam::deploy(&plan.stack_name, &config)?;
    progress.done("deployed");
    Ok(())
}
