//! The baselines that an account has in a Region, and which of them applies to an instance.
use super::super::scope::PatchScope;
use super::{
    content::{Baseline, ComplianceStatus, Content},
    predefined,
};
use crate::{
    clock::Millis,
    facts::{
        ids,
        operating_systems::{Kind, Os},
    },
};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

/// The most baselines that an account may own in a Region.
const MOST_BASELINES: usize = 50;
/// The most patch groups that may be registered for a baseline.
const MOST_GROUPS: usize = 25;

/// Why a request about baselines is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The text does not have the shape of a baseline's id or ARN.
    Malformed,
    /// The baseline does not exist.
    Unknown,
    /// The baseline is one that AWS provides.
    Predefined,
    /// The quota is used up.
    Full,
    /// The token was used with another request.
    OtherRequest,
    /// The baseline is a default, or registered for a patch group.
    InUse,
    /// Another baseline is registered for the patch group.
    GroupTaken,
}

/// The baselines of all accounts.
#[derive(Debug, Default)]
pub struct Baselines {
    regions: BTreeMap<(String, String), RegionBaselines>,
}

impl Baselines {
    /// Returns the baselines of an account in a Region, to be changed.
    pub fn in_region(&mut self, account: &str, region: &str) -> &mut RegionBaselines {
        let key = (account.to_owned(), region.to_owned());
        self.regions.entry(key).or_insert_with(|| RegionBaselines::new(account, region))
    }

    /// Returns the baselines of an account in a Region, if a call or the scenario has touched them.
    pub fn get(&self, account: &str, region: &str) -> Option<&RegionBaselines> {
        self.regions.get(&(account.to_owned(), region.to_owned()))
    }

    /// Returns every account and Region with its baselines.
    pub fn regions(&self) -> impl Iterator<Item = (&str, &str, &RegionBaselines)> {
        self.regions.iter().map(|((account, region), registered)| (account.as_str(), region.as_str(), registered))
    }

    /// Returns the baseline of a patch group, or else the default of the operating system.
    pub fn in_scope(&self, scope: PatchScope<'_>) -> Arc<Baseline> {
        match self.get(scope.account, scope.region) {
            Some(registered) => scope
                .patch_group
                .and_then(|group| registered.of_group(group, scope.os))
                .unwrap_or_else(|| registered.default_for(scope.os)),
            None => Arc::new(predefined::default_for(scope.os, scope.region)),
        }
    }
}

/// The baselines of an account in a Region.
#[derive(Debug)]
pub struct RegionBaselines {
    account: String,
    region: String,
    own: Vec<Arc<Baseline>>,
    /// References of the chosen defaults.
    defaults: BTreeMap<Os, String>,
    /// References of the baselines registered for patch groups.
    groups: BTreeMap<(String, Os), String>,
    /// Client token → request and id of the baseline that it made.
    tokens: HashMap<String, (String, String)>,
    made: usize,
}

impl RegionBaselines {
    fn new(account: &str, region: &str) -> Self {
        Self {
            account: account.to_owned(),
            region: region.to_owned(),
            own: Vec::new(),
            defaults: BTreeMap::new(),
            groups: BTreeMap::new(),
            tokens: HashMap::new(),
            made: 0,
        }
    }

    /// Returns the account's own baselines.
    pub fn own(&self) -> &[Arc<Baseline>] {
        &self.own
    }

    /// Returns the account's own baselines and those of AWS.
    pub fn all(&self) -> Vec<Arc<Baseline>> {
        self.own.iter().cloned().chain(predefined::all(&self.region).into_iter().map(Arc::new)).collect()
    }

    /// Returns the baseline of a `BaselineId`. The API takes id or ARN of an own baseline, and only the ARN of one of
    /// AWS's.
    pub fn get(&self, reference: &str) -> Result<Arc<Baseline>, Refusal> {
        let id = reference.rsplit_once(":patchbaseline/").map_or(reference, |(_, id)| id);
        if !is_id(id) {
            return Err(Refusal::Malformed);
        }
        let own_arn = format!("arn:aws:ssm:{}:{}:patchbaseline/{id}", self.region, self.account);
        if let Some(own) = self.own.iter().find(|own| own.id == id && (reference == id || reference == own_arn)) {
            return Ok(own.clone());
        }
        let found = predefined::all(&self.region).into_iter().find(|baseline| baseline.reference() == reference);
        found.map(Arc::new).ok_or(Refusal::Unknown)
    }

    fn own_position(&self, reference: &str) -> Result<usize, Refusal> {
        let found = self.get(reference)?;
        self.own.iter().position(|baseline| baseline.id == found.id).ok_or(Refusal::Predefined)
    }

    /// Returns an own baseline, to be changed.
    pub fn own_mut(&mut self, reference: &str) -> Result<&mut Baseline, Refusal> {
        let position = self.own_position(reference)?;
        Ok(Arc::make_mut(&mut self.own[position]))
    }

    /// Returns the default for an operating system.
    pub fn default_for(&self, os: Os) -> Arc<Baseline> {
        let chosen = self.defaults.get(&os).and_then(|reference| self.get(reference).ok());
        chosen.unwrap_or_else(|| Arc::new(predefined::default_for(os, &self.region)))
    }

    /// Returns whether a baseline is the default for its operating system.
    pub fn is_default(&self, baseline: &Baseline) -> bool {
        self.default_for(baseline.os).id == baseline.id
    }

    /// Returns the baseline that is registered for a patch group and an operating system.
    pub fn of_group(&self, group: &str, os: Os) -> Option<Arc<Baseline>> {
        self.groups.get(&(group.to_owned(), os)).and_then(|reference| self.get(reference).ok())
    }

    /// Returns the patch groups and the baselines that are registered for them.
    pub fn groups(&self) -> Vec<(&str, Arc<Baseline>)> {
        let known = self.groups.iter().filter_map(|((group, _), id)| Some((group.as_str(), self.get(id).ok()?)));
        known.collect()
    }

    /// Returns the patch groups of a baseline.
    pub fn groups_of(&self, baseline: &Baseline) -> Vec<&str> {
        let of = self.groups.iter().filter(|(_, reference)| *reference == baseline.reference());
        of.map(|((group, _), _)| group.as_str()).collect()
    }

    /// Returns the defaults that differ from the predefined ones.
    pub fn changed_defaults(&self) -> Vec<Arc<Baseline>> {
        let changed = self.defaults.keys().map(|os| self.default_for(*os));
        changed.filter(|chosen| chosen.id != predefined::default_for(chosen.os, &self.region).id).collect()
    }

    /// Returns the baseline that a client token has made. Fails if the token was used with another request.
    pub fn made_by(&self, token: &str, request: &str) -> Result<Option<String>, Refusal> {
        match self.tokens.get(token) {
            Some((before, _)) if before != request => Err(Refusal::OtherRequest),
            found => Ok(found.map(|(_, id)| id.clone())),
        }
    }

    /// Remembers the request and the baseline of a client token.
    pub fn remember(&mut self, token: &str, request: &str, id: &str) {
        self.tokens.insert(token.to_owned(), (request.to_owned(), id.to_owned()));
    }

    /// Creates a baseline of checked content and returns its id. Names need not be unique.
    pub fn create(
        &mut self,
        os: Os,
        mut content: Content,
        tags: BTreeMap<String, String>,
        now: Millis,
    ) -> Result<String, Refusal> {
        if self.own.len() >= MOST_BASELINES {
            return Err(Refusal::Full);
        }
        complete(os, &mut content);
        self.made += 1;
        let id = format!("pb-0{}", ids::hex(&["own", &self.account, &self.region, &self.made.to_string()], 16));
        let baseline = Baseline { id: id.clone(), arn: None, os, content, tags, created: now, modified: now };
        self.own.push(Arc::new(baseline));
        Ok(id)
    }

    /// Replaces the content of a baseline by new, checked content.
    pub fn update(&mut self, reference: &str, mut content: Content, now: Millis) -> Result<Arc<Baseline>, Refusal> {
        let position = self.own_position(reference)?;
        let baseline = Arc::make_mut(&mut self.own[position]);
        complete(baseline.os, &mut content);
        baseline.content = content;
        baseline.modified = now;
        Ok(self.own[position].clone())
    }

    /// Deletes a baseline that is neither a default nor registered for a patch group.
    pub fn delete(&mut self, reference: &str) -> Result<(), Refusal> {
        let position = self.own_position(reference)?;
        let baseline = &self.own[position];
        if self.is_default(baseline) || !self.groups_of(baseline).is_empty() {
            return Err(Refusal::InUse);
        }
        let id = self.own.remove(position).id.clone();
        self.tokens.retain(|_, (_, made)| *made != id);
        Ok(())
    }

    /// Makes a baseline the default for its system.
    pub fn make_default(&mut self, reference: &str) -> Result<Arc<Baseline>, Refusal> {
        let baseline = self.get(reference)?;
        self.defaults.insert(baseline.os, baseline.reference().to_owned());
        Ok(baseline)
    }

    /// Registers a baseline for a patch group. Repeating it changes nothing.
    pub fn register(&mut self, reference: &str, group: &str) -> Result<Arc<Baseline>, Refusal> {
        let baseline = self.get(reference)?;
        match self.of_group(group, baseline.os) {
            Some(other) if other.id == baseline.id => {}
            Some(_) => return Err(Refusal::GroupTaken),
            None if self.groups_of(&baseline).len() >= MOST_GROUPS => return Err(Refusal::Full),
            None => {
                self.groups.insert((group.to_owned(), baseline.os), baseline.reference().to_owned());
            }
        }
        Ok(baseline)
    }

    /// Ends such a registration. It is no error if there is none.
    pub fn deregister(&mut self, reference: &str, group: &str) -> Result<Arc<Baseline>, Refusal> {
        let baseline = self.get(reference)?;
        self.groups.retain(|(name, _), id| name != group || id != baseline.reference());
        Ok(baseline)
    }
}

/// Fills in what AWS fills in.
fn complete(os: Os, content: &mut Content) {
    if os.kind() == Kind::Windows {
        content.available_security_updates_compliance_status.get_or_insert(ComplianceStatus::Compliant);
    }
}

fn is_id(text: &str) -> bool {
    text.strip_prefix("pb-").is_some_and(|tail| tail.len() == 17 && tail.bytes().all(|b| b.is_ascii_hexdigit()))
}
