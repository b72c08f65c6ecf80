//! `fleet-sim` simulates an AWS organization with accounts, instances and patches, for development and tests. It is
//! never deployed.
mod call_log;
mod clock;
mod competing;
mod facts;
mod faults;
mod fleet;
mod patching;
mod scenario;
mod scenario_check;
mod server;
mod services;
mod simulation;
#[cfg(test)]
mod testing;
mod wire;
mod world;

use clap::Parser;
use std::{io::Write as _, net::Ipv4Addr, path::PathBuf, process::ExitCode};
use tokio::net::TcpListener;

/// Simulates an AWS organization from a scenario file.
#[derive(Debug, Parser)]
struct Arguments {
    /// The scenario file (YAML, schemaVersion 1).
    #[arg(long)]
    scenario: PathBuf,
    /// The port on 127.0.0.1. 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Reads and checks the scenario, prints what is wrong, and exits.
    #[arg(long)]
    check: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("fleet-sim: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let file = arguments.scenario.display();
    let text = std::fs::read_to_string(&arguments.scenario).map_err(|error| format!("{file}: {error}"))?;
    let scenario = scenario_check::read(&text).map_err(|error| format!("{file}:\n{error}"))?;
    if arguments.check {
        return Ok(());
    }
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, arguments.port)).await?;
    let address = listener.local_addr()?.to_string();
    println!("{}", serde_json::json!({"listening": address}));
    std::io::stdout().flush()?;
    server::serve(listener, simulation::Simulation::new(&scenario)).await?;
    Ok(())
}
