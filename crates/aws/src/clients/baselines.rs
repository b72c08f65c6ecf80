//! Patch baselines in a member account: reads them and changes them.

use std::collections::{BTreeMap, HashMap, HashSet};

use aws_sdk_ssm::Client;
use aws_sdk_ssm::error::BuildError;
use aws_sdk_ssm::operation::get_patch_baseline::GetPatchBaselineOutput;
use aws_sdk_ssm::types::{
    PatchAction, PatchComplianceLevel, PatchComplianceStatus, PatchFilter as ApiFilter, PatchFilterGroup,
    PatchFilterKey, PatchRule as ApiRule, PatchRuleGroup, PatchSource as ApiSource, ResourceTypeForTagging, Tag,
};
use orgpatch_engine::baselines::{
    Baseline, Change, Chosen, Definition, Field as Changed, HASH_TAG, KnownBaseline, NAME_PREFIX, Observed,
    ObservedBaseline, PLAN_TAG, PatchFilter, PatchGroup, PatchRule, Refusal, STAGE_TAG, ShownSource,
};
use orgpatch_facts::baselines::Field;
use orgpatch_model::digest::sha256_hex;
use orgpatch_model::operating_system::OperatingSystem;
use orgpatch_model::patch::ComplianceStatus;
use orgpatch_plan::{ComplianceLevel, PatchSource, RejectedAction};

use crate::clients::call::{CallError, not_built};
use crate::clients::config::MemberConfig;

/// The largest page of the lists. Of a baseline its id and name are kept (128 characters; botocore 1.43.106, `BaselineName`),
/// of a patch group its name (256; `PatchGroup`) and a baseline's id. An account has at most 50 baselines of its own
/// ([`orgpatch_engine::baselines::MAX_BASELINES`]), each with at most 25 patch groups (AWS General Reference, "AWS Systems
/// Manager endpoints and quotas").
const PAGE_SIZE: i32 = 100;

/// The tags of a baseline that the rules read.
const OWN_TAGS: [&str; 3] = [PLAN_TAG, STAGE_TAG, HASH_TAG];

/// What came of changes.
#[derive(Debug, Default)]
pub struct Applied {
    /// The ids of the baselines that were created, by name.
    pub created: HashMap<String, String>,
    /// What AWS refused.
    pub refusals: Vec<Refusal>,
}

/// What there is.
#[derive(Debug, Default)]
pub struct Looked {
    /// The baselines and patch groups of the account.
    pub observed: Observed,
    /// The operating systems, of those that were asked about, of which AWS refused to show something.
    pub refusals: Vec<Refusal>,
    /// True if AWS refused to show something, whatever it is about: what is observed is not all there is.
    pub is_incomplete: bool,
}

impl Looked {
    /// Returns what AWS showed. None: it refused to, which is a refusal for each of the operating systems that `desired` is about.
    fn shown<T>(
        &mut self,
        found: Result<T, CallError>,
        desired: &[Baseline],
        systems: impl IntoIterator<Item = OperatingSystem>,
    ) -> Result<Option<T>, CallError> {
        let error = match found {
            Err(error) if error.kind.is_refusal() => error,
            found => return found.map(Some),
        };
        self.is_incomplete = true;
        let is_desired = |os: &OperatingSystem| desired.iter().any(|baseline| baseline.operating_system == *os);
        for os in systems.into_iter().filter(is_desired) {
            if self.refusals.iter().all(|refusal| refusal.operating_system != os) {
                self.refusals.push(Refusal::of_look(os, &error.to_string()));
            }
        }
        Ok(None)
    }
}

/// The baselines of one account and Region.
#[derive(Debug, Clone)]
pub struct Baselines {
    client: Client,
    account_id: String,
}

impl Baselines {
    /// Makes a client from a configuration for the account and Region.
    #[must_use]
    pub fn new(member: &MemberConfig) -> Self {
        Self { client: Client::new(member), account_id: member.account_id().to_owned() }
    }

    /// Reads what matters to those baselines: the list of all baselines, the tags of those that have one of their names or
    /// are registered where one of them should be, and the definitions of those that have the tags of orgpatch. `all`: the tags
    /// of every baseline that has a name of orgpatch. A call that AWS refuses costs the operating systems that it is about.
    pub async fn observe(&self, desired: &[Baseline], all: bool) -> Result<Looked, CallError> {
        let mut looked = Looked::default();
        let all_systems = desired.iter().map(|baseline| baseline.operating_system);
        match looked.shown(self.list().await, desired, all_systems)? {
            Some(observed) => looked.observed = observed,
            None => return Ok(looked),
        }
        let groups: HashSet<&str> = desired.iter().flat_map(Baseline::places).flatten().collect();
        if !groups.is_empty() {
            let found = self.patch_groups(|group| groups.contains(group)).await;
            let with_group = desired.iter().filter(|baseline| baseline.patch_group.is_some());
            let with_group = with_group.map(|baseline| baseline.operating_system);
            looked.observed.patch_groups = looked.shown(found, desired, with_group)?.unwrap_or_default();
        }
        let named = |name: &str| desired.iter().any(|baseline| baseline.name == name);
        let in_use = in_use(&looked.observed);
        let mut baselines = std::mem::take(&mut looked.observed.baselines);
        for baseline in baselines.iter_mut().filter(|baseline| !baseline.is_predefined(&self.account_id)) {
            let may_be_ours = all && baseline.name.starts_with(NAME_PREFIX);
            let with_tags = named(&baseline.name) || in_use.contains(&baseline.id) || may_be_ours;
            let found = self.details(baseline, with_tags, named(&baseline.name)).await;
            looked.shown(found, desired, OperatingSystem::from_name(&baseline.operating_system))?;
        }
        looked.observed.baselines = baselines;
        Ok(looked)
    }

    /// Reads the tags of a baseline, and its definition if it may be orgpatch's.
    async fn details(&self, baseline: &mut ObservedBaseline, with_tags: bool, is_named: bool) -> Result<(), CallError> {
        if with_tags {
            baseline.tags = self.tags(&baseline.id).await?;
        }
        if is_named && baseline.has_tags_of_orgpatch() {
            baseline.definition = Some(self.definition(&baseline.id).await?);
        }
        Ok(())
    }

    /// Reads what matters to restoring: the list of all baselines, every patch group, and the tags of those that are
    /// registered for something or have a name of orgpatch.
    pub async fn observe_registered(&self) -> Result<Observed, CallError> {
        let mut observed = self.list().await?;
        observed.patch_groups = self.patch_groups(|_| true).await?;
        let in_use = in_use(&observed);
        for baseline in observed.baselines.iter_mut().filter(|baseline| !baseline.is_predefined(&self.account_id)) {
            if in_use.contains(&baseline.id) || baseline.name.starts_with(NAME_PREFIX) {
                baseline.tags = self.tags(&baseline.id).await?;
            }
        }
        Ok(observed)
    }

    /// Makes those changes, in their order, and returns what was created and what AWS refused. `desired` has the baselines that
    /// they create or update. A refused change costs its operating system: later changes of that one are not tried, those of
    /// others are. `token` identifies the run and target, so that a retry does not create a baseline again. Fails if a call may
    /// succeed later; a retry finds what is left to do.
    pub async fn apply(&self, changes: &[Change], desired: &[Baseline], token: &str) -> Result<Applied, CallError> {
        let Applied { mut created, mut refusals } = Applied::default();
        for change in changes.iter().filter(|change| change.is_write()) {
            let os = change.operating_system();
            if let Some(refusal) = refusals.iter_mut().find(|refusal| Some(refusal.operating_system) == os) {
                refusal.not_made += 1;
                continue;
            }
            match (self.make(change, desired, token, &mut created).await, os) {
                (Ok(()), _) => {}
                (Err(error), Some(os)) if error.kind.is_refusal() => {
                    refusals.push(Refusal::new(os, change, &error.to_string()));
                }
                (Err(error), _) => return Err(error),
            }
        }
        Ok(Applied { created, refusals })
    }

    /// Makes those changes, in their order. Fails at the first that AWS refuses.
    pub async fn apply_all(&self, changes: &[Change], desired: &[Baseline], token: &str) -> Result<Applied, CallError> {
        let mut created = HashMap::new();
        for change in changes.iter().filter(|change| change.is_write()) {
            self.make(change, desired, token, &mut created).await?;
        }
        Ok(Applied { created, refusals: Vec::new() })
    }

    async fn make(
        &self,
        change: &Change,
        desired: &[Baseline],
        token: &str,
        created: &mut HashMap<String, String>,
    ) -> Result<(), CallError> {
        match change {
            Change::Create { baseline } => {
                let id = self.create(whole(baseline, desired)?, token).await?;
                created.insert(baseline.name.clone(), id);
                Ok(())
            }
            Change::Update { id, baseline, fields } => self.update(id, whole(baseline, desired)?, fields).await,
            Change::Tag { baseline, tags, .. } => self.tag(&baseline.id, tags).await,
            Change::RegisterDefault { baseline, .. } => self.register_default(&id_of(baseline, created)).await,
            Change::RegisterForPatchGroup { group, baseline, previous, .. } => {
                self.register_for_group(group, &id_of(baseline, created), previous.as_ref()).await
            }
            Change::DeregisterPatchGroup { group, previous, .. } => self.deregister(group, &previous.id).await,
            Change::Foreign { .. } | Change::QuotaReached { .. } | Change::Refused { .. } | Change::Left { .. } => {
                Ok(())
            }
        }
    }

    async fn list(&self) -> Result<Observed, CallError> {
        let mut pages = self.client.describe_patch_baselines().max_results(PAGE_SIZE).into_paginator().items().send();
        let mut observed = Observed { account_id: self.account_id.clone(), ..Observed::default() };
        while let Some(found) = pages.next().await {
            let found = found.map_err(|error| CallError::of("ssm:DescribePatchBaselines", &error))?;
            let (Some(id), Some(os)) = (found.baseline_id, found.operating_system) else { continue };
            if let Some(os) = OperatingSystem::from_name(os.as_str()).filter(|_| found.default_baseline) {
                observed.defaults.insert(os, id.clone());
            }
            observed.baselines.push(ObservedBaseline {
                id,
                name: found.baseline_name.unwrap_or_default(),
                operating_system: os.as_str().to_owned(),
                tags: BTreeMap::new(),
                definition: None,
                is_recorded: false,
            });
        }
        Ok(observed)
    }

    async fn tags(&self, id: &str) -> Result<BTreeMap<String, String>, CallError> {
        let answer = self
            .client
            .list_tags_for_resource()
            .resource_type(ResourceTypeForTagging::PatchBaseline)
            .resource_id(id)
            .send()
            .await
            .map_err(|error| CallError::of("ssm:ListTagsForResource", &error))?;
        // Of the up to 50 tags only orgpatch's own are read.
        let tags = answer.tag_list.unwrap_or_default().into_iter();
        Ok(tags.filter(|tag| OWN_TAGS.contains(&tag.key.as_str())).map(|tag| (tag.key, tag.value)).collect())
    }

    async fn definition(&self, id: &str) -> Result<Definition, CallError> {
        let answer = self.client.get_patch_baseline().baseline_id(id).send().await;
        answer.map(definition).map_err(|error| CallError::of("ssm:GetPatchBaseline", &error))
    }

    /// Returns the patch groups that are wanted.
    async fn patch_groups(&self, is_wanted: impl Fn(&str) -> bool) -> Result<Vec<PatchGroup>, CallError> {
        let mut pages = self.client.describe_patch_groups().max_results(PAGE_SIZE).into_paginator().items().send();
        let mut groups = Vec::new();
        while let Some(found) = pages.next().await {
            let found = found.map_err(|error| CallError::of("ssm:DescribePatchGroups", &error))?;
            let (Some(group), Some(baseline)) = (found.patch_group, found.baseline_identity) else { continue };
            if !is_wanted(&group) {
                continue;
            }
            let os = baseline.operating_system.and_then(|os| OperatingSystem::from_name(os.as_str()));
            let (Some(operating_system), Some(baseline_id)) = (os, baseline.baseline_id) else { continue };
            groups.push(PatchGroup { operating_system, group, baseline_id });
        }
        Ok(groups)
    }

    async fn create(&self, baseline: &Baseline, token: &str) -> Result<String, CallError> {
        const OPERATION: &str = "ssm:CreatePatchBaseline";
        let definition = &baseline.definition;
        let tags = tags(&baseline.tags).map_err(|error| not_built(OPERATION, &error))?;
        let non_security = definition.approved_patches_enable_non_security;
        let sources = sources(definition).map_err(|error| not_built(OPERATION, &error))?;
        let answer = self
            .client
            .create_patch_baseline()
            .name(&baseline.name)
            .operating_system(baseline.operating_system.name().into())
            .description(&definition.description)
            .set_global_filters(if definition.global_filters.is_empty() {
                None
            } else {
                Some(group(&definition.global_filters).map_err(|error| not_built(OPERATION, &error))?)
            })
            .set_approval_rules(Some(rules(baseline).map_err(|error| not_built(OPERATION, &error))?))
            .set_approved_patches(Some(definition.approved_patches.clone()))
            .approved_patches_compliance_level(level(definition.approved_patches_compliance_level))
            .set_approved_patches_enable_non_security(if_it_has(
                baseline,
                Field::ApprovedPatchesEnableNonSecurity,
                non_security,
            ))
            .set_rejected_patches(Some(definition.rejected_patches.clone()))
            .rejected_patches_action(PatchAction::from(definition.rejected_patches_action.name()))
            .set_available_security_updates_compliance_status(definition.available_security_updates.map(status))
            .set_sources(if_it_has(baseline, Field::Sources, sources))
            .set_tags(Some(tags))
            .client_token(sha256_hex(format!("{token}/{}/{}", baseline.name, baseline.hash())))
            .send()
            .await
            .map_err(|error| CallError::of(OPERATION, &error))?;
        answer.baseline_id.ok_or_else(|| not_built(OPERATION, &std::io::Error::other("the answer names no baseline")))
    }

    /// Updates a baseline with every field that its operating system has, including empty lists, so that changes made by hand
    /// are undone.
    async fn update(&self, id: &str, baseline: &Baseline, fields: &[Changed]) -> Result<(), CallError> {
        const OPERATION: &str = "ssm:UpdatePatchBaseline";
        let definition = &baseline.definition;
        let non_security = definition.approved_patches_enable_non_security;
        let sources = sources(definition).map_err(|error| not_built(OPERATION, &error))?;
        // A plan without it sends it only to go back to what AWS does by itself: a Region may not have the field.
        let goes_back = fields.contains(&Changed::AvailableSecurityUpdates).then_some(ComplianceStatus::Compliant);
        let available = definition.available_security_updates.or(goes_back);
        let available = if_it_has(baseline, Field::AvailableSecurityUpdatesComplianceStatus, available).flatten();
        self.client
            .update_patch_baseline()
            .baseline_id(id)
            .description(&definition.description)
            .global_filters(group(&definition.global_filters).map_err(|error| not_built(OPERATION, &error))?)
            .approval_rules(rules(baseline).map_err(|error| not_built(OPERATION, &error))?)
            .set_approved_patches(Some(definition.approved_patches.clone()))
            .approved_patches_compliance_level(level(definition.approved_patches_compliance_level))
            .set_approved_patches_enable_non_security(if_it_has(
                baseline,
                Field::ApprovedPatchesEnableNonSecurity,
                non_security,
            ))
            .set_rejected_patches(Some(definition.rejected_patches.clone()))
            .rejected_patches_action(PatchAction::from(definition.rejected_patches_action.name()))
            .set_available_security_updates_compliance_status(available.map(status))
            .set_sources(if_it_has(baseline, Field::Sources, sources))
            .send()
            .await
            .map(|_| ())
            .map_err(|error| CallError::of(OPERATION, &error))
    }

    async fn tag(&self, id: &str, wanted: &BTreeMap<String, String>) -> Result<(), CallError> {
        const OPERATION: &str = "ssm:AddTagsToResource";
        self.client
            .add_tags_to_resource()
            .resource_type(ResourceTypeForTagging::PatchBaseline)
            .resource_id(id)
            .set_tags(Some(tags(wanted).map_err(|error| not_built(OPERATION, &error))?))
            .send()
            .await
            .map(|_| ())
            .map_err(|error| CallError::of(OPERATION, &error))
    }

    async fn register_default(&self, id: &str) -> Result<(), CallError> {
        let answer = self.client.register_default_patch_baseline().baseline_id(id).send().await;
        answer.map(|_| ()).map_err(|error| CallError::of("ssm:RegisterDefaultPatchBaseline", &error))
    }

    /// Registers a baseline for a patch group. The API refuses a second baseline, so the previous one is deregistered first.
    /// If the new one is refused then, the previous one is registered again: the group must not be left without any.
    async fn register_for_group(
        &self,
        group: &str,
        id: &str,
        previous: Option<&KnownBaseline>,
    ) -> Result<(), CallError> {
        if let Some(previous) = previous {
            self.deregister(group, &previous.id).await?;
        }
        match (self.register(group, id).await, previous) {
            (Err(mut error), Some(previous)) if error.kind.is_refusal() => {
                if let Err(back) = self.register(group, &previous.id).await {
                    let left = format!(
                        "; patch group {group} is left without a baseline, because {} cannot be registered again: {back}",
                        previous.id
                    );
                    error.message.push_str(&left);
                }
                Err(error)
            }
            (result, _) => result,
        }
    }

    async fn register(&self, group: &str, id: &str) -> Result<(), CallError> {
        let answer =
            self.client.register_patch_baseline_for_patch_group().baseline_id(id).patch_group(group).send().await;
        answer.map(|_| ()).map_err(|error| CallError::of("ssm:RegisterPatchBaselineForPatchGroup", &error))
    }

    async fn deregister(&self, group: &str, id: &str) -> Result<(), CallError> {
        let answer =
            self.client.deregister_patch_baseline_for_patch_group().baseline_id(id).patch_group(group).send().await;
        answer.map(|_| ()).map_err(|error| CallError::of("ssm:DeregisterPatchBaselineForPatchGroup", &error))
    }
}

/// Returns the ids of the baselines that are a default, or registered for one of the patch groups that were read.
fn in_use(observed: &Observed) -> HashSet<String> {
    let groups = observed.patch_groups.iter().map(|entry| &entry.baseline_id);
    observed.defaults.values().chain(groups).cloned().collect()
}

/// Returns the wanted baseline that a change creates or updates. The change itself does not have its sources whole.
fn whole<'d>(shown: &Baseline<ShownSource>, desired: &'d [Baseline]) -> Result<&'d Baseline, CallError> {
    let is_it = |wanted: &&Baseline| wanted.name == shown.name && wanted.operating_system == shown.operating_system;
    let unknown = || std::io::Error::other(format!("no baseline {} is wanted", shown.name));
    desired.iter().find(is_it).ok_or_else(|| not_built("ssm:CreatePatchBaseline", &unknown()))
}

fn id_of(chosen: &Chosen, created: &HashMap<String, String>) -> String {
    match chosen {
        Chosen::Existing(known) => known.id.clone(),
        Chosen::Created(name) => created.get(name.as_str()).cloned().unwrap_or_default(),
    }
}

fn status(status: ComplianceStatus) -> PatchComplianceStatus {
    PatchComplianceStatus::from(status.api_name())
}

fn level(level: ComplianceLevel) -> PatchComplianceLevel {
    PatchComplianceLevel::from(level.name())
}

fn tags(tags: &BTreeMap<String, String>) -> Result<Vec<Tag>, BuildError> {
    tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

/// Returns the value if the operating system has that field. Elsewhere it is not sent at all, not even empty.
fn if_it_has<T>(baseline: &Baseline, field: Field, value: T) -> Option<T> {
    baseline.operating_system.baseline_facts().may_have(field).then_some(value)
}

fn group(filters: &[PatchFilter]) -> Result<PatchFilterGroup, BuildError> {
    let filters = filters.iter().map(|filter| {
        let key = PatchFilterKey::from(filter.key.as_str());
        ApiFilter::builder().key(key).set_values(Some(filter.values.clone())).build()
    });
    PatchFilterGroup::builder().set_patch_filters(Some(filters.collect::<Result<_, _>>()?)).build()
}

fn rules(baseline: &Baseline) -> Result<PatchRuleGroup, BuildError> {
    let rules = baseline.definition.approval_rules.iter().map(|rule| {
        Ok(ApiRule::builder()
            .patch_filter_group(group(&rule.patch_filters)?)
            .compliance_level(level(rule.compliance_level))
            .set_approve_after_days(rule.approve_after_days.map(i32::from))
            .set_approve_until_date(rule.approve_until_date.map(|date| date.to_string()))
            .set_enable_non_security(if_it_has(baseline, Field::EnableNonSecurity, rule.enable_non_security))
            .build())
    });
    PatchRuleGroup::builder().set_patch_rules(Some(rules.collect::<Result<_, BuildError>>()?)).build()
}

fn sources(definition: &Definition) -> Result<Vec<ApiSource>, BuildError> {
    let build = |source: &PatchSource| {
        ApiSource::builder()
            .name(&source.name)
            .set_products(Some(source.products.clone()))
            .configuration(&source.configuration)
            .build()
    };
    definition.sources.iter().map(build).collect()
}

/// Converts an answer. A field that the API leaves out has its default.
fn definition(answer: GetPatchBaselineOutput) -> Definition {
    let filters = |group: Option<PatchFilterGroup>| -> Vec<PatchFilter> {
        let filters = group.map(|group| group.patch_filters).unwrap_or_default();
        let filter = |filter: ApiFilter| PatchFilter { key: filter.key.as_str().to_owned(), values: filter.values };
        filters.into_iter().map(filter).collect()
    };
    let level = |level: Option<PatchComplianceLevel>| {
        level.and_then(|level| ComplianceLevel::from_name(level.as_str())).unwrap_or_default()
    };
    let rule = |rule: ApiRule| PatchRule {
        patch_filters: filters(rule.patch_filter_group),
        compliance_level: level(rule.compliance_level),
        approve_after_days: rule.approve_after_days.and_then(|days| u16::try_from(days).ok()),
        approve_until_date: rule.approve_until_date.and_then(|date| date.parse().ok()),
        enable_non_security: rule.enable_non_security.unwrap_or_default(),
    };
    let action = answer.rejected_patches_action;
    Definition {
        description: answer.description.unwrap_or_default(),
        global_filters: filters(answer.global_filters),
        approval_rules: answer
            .approval_rules
            .map(|group| group.patch_rules)
            .unwrap_or_default()
            .into_iter()
            .map(rule)
            .collect(),
        approved_patches: answer.approved_patches.unwrap_or_default(),
        approved_patches_compliance_level: level(answer.approved_patches_compliance_level),
        approved_patches_enable_non_security: answer.approved_patches_enable_non_security.unwrap_or_default(),
        rejected_patches: answer.rejected_patches.unwrap_or_default(),
        rejected_patches_action: action
            .and_then(|action| RejectedAction::from_name(action.as_str()))
            .unwrap_or_default(),
        available_security_updates: answer
            .available_security_updates_compliance_status
            .and_then(|status| ComplianceStatus::from_api_name(status.as_str())),
        sources: answer
            .sources
            .unwrap_or_default()
            .into_iter()
            .map(|source| PatchSource {
                name: source.name,
                products: source.products,
                configuration: source.configuration,
            })
            .collect(),
    }
}
