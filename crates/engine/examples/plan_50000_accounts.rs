//! What planning costs: a plan and the organization's paths go in as text, every step's targets come out as JSON.
//!
//! `plan_50000_accounts [accounts] [units]` plans once and prints what it made and its peak memory, as JSON. `make
//! bench` runs it with several sizes and takes the CPU time from outside, so that no part of it goes uncounted.

// A program and not a rule: it reads its arguments and prints.
#![allow(clippy::disallowed_methods, clippy::disallowed_macros)]

use std::collections::HashMap;
use std::error::Error;
use std::{env, fs};

use orgpatch_engine::planner;
use orgpatch_model::organization::{Account, AccountState, Organization, units_of_path};
use serde_json::json;

/// Below the root: an environment, a department, and services in it.
const ENVIRONMENTS: [&str; 4] = ["Test", "Staging", "Production", "Sandbox"];
/// Departments of an environment; production's stage names each of its own.
const DEPARTMENTS: usize = 20;

fn main() -> Result<(), Box<dyn Error>> {
    let mut sizes = env::args().skip(1);
    let accounts: usize = sizes.next().as_deref().unwrap_or("50000").parse()?;
    let units: usize = sizes.next().as_deref().unwrap_or("2000").parse()?;

    let plan = orgpatch_plan::read(&plan_text())?;
    let organization = organization(accounts, units)?;
    let resolution = planner::resolve(&plan, &organization, None)?;

    let mut bytes = 0;
    for step in &resolution.steps {
        bytes += serde_json::to_vec(&step.targets)?.len();
    }
    let planned: usize = resolution.steps.iter().map(|step| step.accounts).sum();
    println!(
        "{}",
        json!({
            "accounts": organization.accounts.len(),
            "units": organization.unit_names.len(),
            "steps": resolution.steps.len(),
            "accountsPlanned": planned,
            "accountsOutside": resolution.outside.len(),
            "targets": resolution.steps.iter().map(|step| step.targets.len()).sum::<usize>(),
            "bytes": bytes,
            "peakKibibytes": peak_kibibytes(),
        })
    );
    Ok(())
}

/// Three stages with waves; production claims its departments one by one and leaves a service out.
fn plan_text() -> String {
    let departments: Vec<String> = (0..DEPARTMENTS).map(|department| unit_id(2, department)).collect();
    format!(
        r#"
schemaVersion: 1
name: everything
regions: [ap-northeast-1, ap-northeast-3]
select: {{tags: {{Patch: [enabled]}}, exclude: {{tags: {{PatchExempt: ["true"]}}}}}}
stages:
  - {{name: test, ous: [{test}]}}
  - {{name: staging, ous: [{staging}], waves: [1, "100%"]}}
  - name: production
    ous: [{production}]
    exclude: {{ous: [{service}]}}
    waves: [10, "10%", "100%"]
"#,
        test = unit_id(0, 0),
        staging = unit_id(1, 0),
        production = departments[1..].join(", "),
        service = unit_id(2, DEPARTMENTS + 3),
    )
}

/// Accounts spread evenly over services, each written as Organizations writes its path.
fn organization(accounts: usize, units: usize) -> Result<Organization, Box<dyn Error>> {
    let services = (units / ENVIRONMENTS.len()).saturating_sub(DEPARTMENTS).max(1);
    let mut unit_names = HashMap::new();
    for (environment, name) in ENVIRONMENTS.iter().enumerate() {
        unit_names.insert(unit_id(environment, 0), (*name).to_owned());
        for department in 1..DEPARTMENTS {
            unit_names.insert(unit_id(environment, department), format!("Department {department}"));
        }
        for service in 0..services {
            unit_names.insert(unit_id(environment, DEPARTMENTS + service), format!("Service {service}"));
        }
    }
    let accounts = (0..accounts)
        .map(|number| {
            let environment = number % ENVIRONMENTS.len();
            let service = number / ENVIRONMENTS.len() % services;
            let department = 1 + service % (DEPARTMENTS - 1);
            let id = format!("{:012}", 100_000_000_000 + number * 7919);
            let path = format!(
                "o-a1b2c3d4e5/r-abcd/{}/{}/{}/{id}/",
                unit_id(environment, 0),
                unit_id(environment, department),
                unit_id(environment, DEPARTMENTS + service),
            );
            let path = units_of_path(&path, &id).ok_or_else(|| format!("{path} is not a path"))?;
            Ok(Account { name: format!("service-{service}-{number}"), state: AccountState::Active, path, id })
        })
        .collect::<Result<_, String>>()?;
    Ok(Organization { id: "o-a1b2c3d4e5".into(), accounts, unit_names })
}

/// The environment itself is unit 0 of it.
fn unit_id(environment: usize, unit: usize) -> String {
    format!("ou-abcd-{environment:02}{unit:06}")
}

/// Most memory that this process ever held, where the system tells.
fn peak_kibibytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}
