//! Derives the competing patchers from a scenario. Equal entries of an account and Region are one patcher that targets
//! all their instances.
use super::{AgentJob, Association, CompetingPatchers, Target, Window};
use crate::{
    clock::{self, Millis, SECOND},
    facts::{ids, schedule::Schedule},
    fleet::Fleet,
    patching::document::{self, OperationKind},
    scenario::{AssociationEntry, AssociationName, NameOrMap, Scenario, TargetEntry, policy_tag},
};

/// The most instances that one target names.
const IDS: usize = 50;
/// The time from the start of the scenario to the first run, if the scenario does not give one.
const SOON: Millis = 3_600 * SECOND;

/// Equal entries of an account and Region, and the instances that have them.
struct Group<'a> {
    account: &'a str,
    region: &'a str,
    entry: &'a AssociationEntry,
    instances: Vec<String>,
}

impl CompetingPatchers {
    /// Derives the competing patchers of a checked scenario. Its fleet is built already.
    pub fn new(scenario: &Scenario, fleet: &Fleet) -> Self {
        let (mut groups, mut first): (Vec<Group<'_>>, usize) = (Vec::new(), 0);
        for entry in &scenario.fleet {
            let count = usize::try_from(entry.count.unwrap_or(1)).unwrap_or_default();
            let instances = || fleet.nodes[first..first + count].iter().map(|node| node.id.clone());
            for NameOrMap(association) in &entry.associations {
                let same = |group: &&mut Group<'_>| {
                    group.account == entry.account && group.region == entry.region && *group.entry == *association
                };
                match groups.iter_mut().find(same) {
                    Some(group) => group.instances.extend(instances()),
                    None => groups.push(Group {
                        account: &entry.account,
                        region: &entry.region,
                        entry: association,
                        instances: instances().collect(),
                    }),
                }
            }
            first += count;
        }
        let mut competing = Self::default();
        for group in &groups {
            competing.add(group, fleet.start);
        }
        competing.add_inventory(fleet);
        competing
    }

    fn add(&mut self, group: &Group<'_>, start: Millis) {
        use AssociationName::{
            HostManagementScan, MaintenanceWindow, PatchNowRunning, QuickSetupPatchPolicy, RunPatchBaseline,
            RunPatchBaselineAssociation, RunPatchBaselineWithHooks, UpdateSsmAgent,
        };
        let (scan, install) = (Some(OperationKind::Scan), Some(OperationKind::Install));
        let id = group.entry.id.as_deref();
        let quick_setup = |what: &str| {
            let (key, _) = policy_tag(id);
            Some(format!("AWS-QuickSetup-{what}-{}", key.trim_start_matches("QSConfigName-")))
        };
        let own = |document: &str| (id.map(str::to_owned), document.to_owned(), scan);
        let named = group.entry.document.as_deref().unwrap_or(document::NAME);
        let (name, document, usual) = match group.entry.name {
            QuickSetupPatchPolicy => {
                // The defaults of the console: a daily scan and a weekly installation.
                let scan_name = quick_setup("PatchPolicy-ScanForPatches-LA");
                self.associate(group, start, scan_name.as_deref(), document::NAME, scan, "cron(0 1 * * ? *)");
                let install_name = quick_setup("PatchPolicy-InstallPatches-LA");
                self.associate(group, start, install_name.as_deref(), document::NAME, install, "cron(0 2 ? * SUN *)");
                return;
            }
            MaintenanceWindow => return self.add_window(group, start),
            PatchNowRunning => {
                let mut job = job(group, start, named, operation_of(named, group.entry, install), None);
                job.seconds = job.seconds.or(Some(1_800));
                job.origin = given_start(group.entry).unwrap_or(start - 60 * SECOND);
                job.listed = true;
                job.targets = targets(group);
                self.jobs.push(job);
                return;
            }
            HostManagementScan => (quick_setup("SSMHostMgmt-ScanForPatches"), document::NAME.to_owned(), scan),
            RunPatchBaseline => own(named),
            RunPatchBaselineAssociation => own("AWS-RunPatchBaselineAssociation"),
            RunPatchBaselineWithHooks => (id.map(str::to_owned), "AWS-RunPatchBaselineWithHooks".to_owned(), install),
            UpdateSsmAgent => (quick_setup("SSMHostMgmt-UpdateSSMAgent"), "AWS-UpdateSSMAgent".to_owned(), None),
        };
        let operation = operation_of(&document, group.entry, usual);
        self.associate(group, start, name.as_deref(), &document, operation, "rate(1 day)");
    }

    fn associate(
        &mut self,
        group: &Group<'_>,
        start: Millis,
        name: Option<&str>,
        document: &str,
        operation: Option<OperationKind>,
        usual: &str,
    ) {
        // One association takes one target, so several targets make several associations.
        for target in targets(group) {
            let mut job = job(group, start, document, operation, Some(usual));
            job.targets = vec![target];
            let number = self.associations.len().to_string();
            let id = ids::uuid(&["association", group.account, group.region, document, &number]);
            self.associations.push(Association { id, name: name.map(str::to_owned), job: self.jobs.len() });
            self.jobs.push(job);
        }
    }

    fn add_window(&mut self, group: &Group<'_>, start: Millis) {
        let entry = group.entry;
        let task = entry.task.as_deref().unwrap_or(document::NAME);
        let operation = operation_of(task, entry, Some(OperationKind::Install));
        let mut job = job(group, start, task, operation, Some("rate(7 days)"));
        job.origin = given_start(entry).unwrap_or(start + SOON / 2);
        job.new = true;
        job.listed = true;
        job.enabled = entry.enabled.unwrap_or(true);
        job.targets = targets(group);
        let number = self.windows.len().to_string();
        self.windows.push(Window {
            id: format!("mw-{}", ids::hex(&["window", group.account, group.region, &number], 17)),
            name: entry.id.clone().unwrap_or_else(|| "patch-window".to_owned()),
            duration: entry.duration_hours.unwrap_or(3),
            cutoff: entry.cutoff_hours.unwrap_or(1),
            registered: entry.registered.unwrap_or(true),
            job: self.jobs.len(),
            executions: Vec::new(),
        });
        self.jobs.push(job);
    }

    /// Adds the association that collects inventory. It does not patch.
    fn add_inventory(&mut self, fleet: &Fleet) {
        let mut places: Vec<(&str, &str)> = Vec::new();
        for node in fleet.nodes.iter().filter(|node| node.inventory) {
            if !places.contains(&(node.account.as_str(), node.region.as_str())) {
                places.push((&node.account, &node.region));
            }
        }
        for (account, region) in places {
            let nodes: Vec<_> =
                fleet.instances_in(account, region).filter(|node| node.inventory).map(|node| node.id.clone()).collect();
            let entry = AssociationEntry { id: Some("Inventory-Association".to_owned()), ..usual_entry() };
            let group = Group { account, region, entry: &entry, instances: nodes };
            self.associate(
                &group,
                fleet.start,
                entry.id.as_deref(),
                "AWS-GatherSoftwareInventory",
                None,
                "rate(30 minutes)",
            );
        }
    }
}

/// Returns what a run does: what the entry says, or what is usual for a patch document of AWS.
fn operation_of(document: &str, entry: &AssociationEntry, usual: Option<OperationKind>) -> Option<OperationKind> {
    let usual = usual.filter(|_| orgpatch_facts::documents::patches(document));
    entry.operation.map(Into::into).or(usual)
}

fn usual_entry() -> AssociationEntry {
    AssociationEntry::new(AssociationName::UpdateSsmAgent)
}

fn given_start(entry: &AssociationEntry) -> Option<Millis> {
    // The check of the scenario has read it before.
    entry.start.as_deref().and_then(|start| clock::parse(start).ok())
}

fn job(
    group: &Group<'_>,
    start: Millis,
    document: &str,
    operation: Option<OperationKind>,
    usual: Option<&str>,
) -> AgentJob {
    let given = given_start(group.entry);
    let usual = usual.and_then(|text| Schedule::try_from(text.to_owned()).ok());
    AgentJob {
        account: group.account.to_owned(),
        region: group.region.to_owned(),
        targets: Vec::new(),
        document: document.to_owned(),
        operation,
        seconds: group.entry.seconds,
        max_concurrency: group.entry.max_concurrency.map_or_else(|| "100%".to_owned(), |number| number.to_string()),
        schedule: group.entry.shifted_schedule().or(usual),
        origin: given.unwrap_or(start + SOON),
        new: given.is_some(),
        listed: false,
        enabled: true,
        command: None,
    }
}

/// Returns the targets of an entry, as many as its instances need.
fn targets(group: &Group<'_>) -> Vec<Target> {
    let one = |key: String, values: Vec<String>| vec![Target { key, values }];
    let ids = "InstanceIds".to_owned();
    match (&group.entry.target, group.entry.name) {
        (_, AssociationName::QuickSetupPatchPolicy) => {
            let (key, value) = policy_tag(group.entry.id.as_deref());
            one(format!("tag:{key}"), vec![value])
        }
        (Some(TargetEntry::All), _) => one(ids, vec!["*".to_owned()]),
        (Some(TargetEntry::Tag(key, value)), _) => one(format!("tag:{key}"), vec![value.clone()]),
        (None, _) => {
            group.instances.chunks(IDS).map(|chunk| Target { key: ids.clone(), values: chunk.to_vec() }).collect()
        }
    }
}
