//! The developer's commands: `cargo xtask demo`, `cargo xtask test` and the rest of `USAGE`.

mod bench;
mod checks;
mod cli;
mod coverage;
mod demo;
mod deploy;
mod faults;
mod functions;
mod fuzz;
mod http;
mod local;
mod ports;
mod process;
mod progress;
mod python;
mod sandbox;
mod settings;
mod state;
mod workspace;

use std::process::ExitCode;

use cli::Command;

fn main() -> ExitCode {
    let outcome = cli::parse(std::env::args().skip(1)).and_then(run);
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Help => {
            println!("{}\n\nFaults of the demo:\n{}", cli::USAGE, demo::Fault::help());
            Ok(())
        }
        Command::Demo { once, show, options } => demo::run(&options, &show, once),
        Command::Test => checks::run(),
        Command::Up { detach, options } => local::up(&options, detach),
        Command::Down { state } => local::down(&state),
        Command::Logs { function, follow, state } => local::logs(&state, function.as_deref(), follow),
        Command::Faults(plan) => faults::run(&plan),
        Command::Fuzz(plan) => fuzz::run(&plan),
        Command::Coverage => coverage::run(),
        Command::Bench(plan) => bench::run(&plan),
        Command::Deploy(plan) => deploy::run(&plan),
    }
}
