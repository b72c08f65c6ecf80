//! `install-plan.json`: what would be installed in a step, order by order, and the hash that tells two plans apart.

use std::collections::BTreeMap;
use std::io::{self, Write};

use orgpatch_model::digest::sha256_hex;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::install::order::InstallOrder;

/// The same order with everything sorted, so that its text says what is installed and not in which order it was found.
#[must_use]
pub fn sorted(mut order: InstallOrder) -> InstallOrder {
    order.instances.sort_by(|a, b| a.instance_id.cmp(&b.instance_id));
    for instance in &mut order.instances {
        instance.missing.sort();
        instance.untested.sort();
        instance.held_back.sort();
    }
    order.left_out.sort_by(|a, b| a.instance_id.cmp(&b.instance_id));
    order
}

/// `order-hashes.json`: the hashes of the orders of an install plan. The plan's own hash is over them, so that a function which
/// knows only that one can tell whether an order is still what the plan says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderHashes(
    /// Account id → Region → hashes of the orders there, one for each chunk, one behind the other.
    BTreeMap<String, BTreeMap<String, String>>,
);

impl OrderHashes {
    /// Adds the hash of the order of a target's next chunk.
    pub fn add(&mut self, account_id: &str, region: &str, sha256: &str) {
        let regions = self.0.entry(account_id.to_owned()).or_default();
        regions.entry(region.to_owned()).or_default().push_str(sha256);
    }

    /// Returns the plan's SHA-256, in hex: over the hashes of the orders, in the order of accounts and Regions. Two plans with
    /// the same one install the same.
    #[must_use]
    pub fn plan_sha256(&self) -> String {
        sha256_hex(self.0.values().flat_map(BTreeMap::values).map(String::as_str).collect::<String>())
    }

    /// Returns true if those are the hashes of a target's orders, chunk by chunk, in the plan with that hash.
    #[must_use]
    pub fn prove(&self, plan_sha256: &str, (account_id, region): (&str, &str), orders: &[&str]) -> bool {
        let expected = self.0.get(account_id).and_then(|regions| regions.get(region)).map_or("", String::as_str);
        self.plan_sha256() == plan_sha256 && orders.concat() == expected
    }
}

/// A plan that is being written, one order after the other: what is in memory is a hash per chunk of a target.
#[derive(Debug)]
pub struct InstallPlan {
    hashes: OrderHashes,
    is_empty: bool,
}

impl InstallPlan {
    /// Writes the beginning.
    pub fn begin(out: &mut impl Write, step: &str) -> io::Result<Self> {
        write!(out, "{{\"step\":{},\"orders\":[", json!(step))?;
        Ok(Self { hashes: OrderHashes::default(), is_empty: true })
    }

    /// One more order, [`sorted`]. Those of one target come in the order of its chunks.
    pub fn add(&mut self, out: &mut impl Write, order: &InstallOrder) -> io::Result<()> {
        let text = serde_json::to_vec(order)?;
        out.write_all(if self.is_empty { b"\n" } else { b",\n" })?;
        self.is_empty = false;
        out.write_all(&text)?;
        self.hashes.add(&order.account_id, &order.region, &sha256_hex(text));
        Ok(())
    }

    /// Writes the end. Returns the hashes of the orders.
    pub fn end(self, out: &mut impl Write) -> io::Result<OrderHashes> {
        writeln!(out, "\n],\"sha256\":{}}}", json!(self.hashes.plan_sha256()))?;
        Ok(self.hashes)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use orgpatch_model::operating_system::OperatingSystem;
    use orgpatch_model::patch::{Patch, PatchDisposition};
    use orgpatch_model::reason::{Reason, ReasonCode};

    use super::*;
    use crate::install::order::OrderedInstance;

    fn order(account: &str, instances: &[(&str, &[&str])]) -> InstallOrder {
        let patch = |id: &&str| Patch {
            id: (*id).into(),
            title: String::new(),
            classification: String::new(),
            severity: String::new(),
            state: PatchDisposition::Missing,
            cve_ids: vec![],
            more_cve_ids: 0,
        };
        let instance = |(id, missing): &(&str, &[&str])| OrderedInstance {
            instance_id: (*id).into(),
            os: OperatingSystem::AmazonLinux2023,
            availability_zone: None,
            missing: missing.iter().map(patch).collect(),
            more: 0,
            untested: vec![],
            held_back: vec![],
            never_reboot: None,
            reason: Reason::new(ReasonCode::PatchesMissing, "x"),
        };
        sorted(InstallOrder {
            account_id: account.into(),
            region: "ap-northeast-1".into(),
            instances: instances.iter().map(instance).collect(),
            left_out: vec![],
            withheld: BTreeMap::new(),
            scanned_at: BTreeMap::new(),
        })
    }

    fn plan(orders: &[InstallOrder]) -> (serde_json::Value, String) {
        let mut text = Vec::new();
        let mut plan = InstallPlan::begin(&mut text, "01-test-1").expect("written");
        for order in orders {
            plan.add(&mut text, order).expect("written");
        }
        let sha256 = plan.end(&mut text).expect("written").plan_sha256();
        (serde_json::from_slice(&text).expect("JSON"), sha256)
    }

    #[test]
    fn the_document_holds_every_order_and_its_hash() {
        let orders = [order("2", &[("i-2", &["a"])]), order("1", &[])];
        let (document, sha256) = plan(&orders);
        assert_eq!(document, json!({"step": "01-test-1", "sha256": sha256, "orders": orders}));
        assert_eq!(plan(&[]).0["orders"], json!([]));
    }

    #[test]
    fn an_order_is_proved_by_the_hash_of_the_plan_alone() {
        let mut hashes = OrderHashes::default();
        for (account, sha256) in [("2", "cc"), ("1", "aa"), ("1", "bb")] {
            hashes.add(account, "r", sha256);
        }
        let plan = hashes.plan_sha256();
        assert!(hashes.prove(&plan, ("1", "r"), &["aa", "bb"]) && hashes.prove(&plan, ("2", "r"), &["cc"]));
        for (place, orders) in [
            (("1", "r"), &["aa"][..]),
            (("1", "r"), &["bb", "aa"]),
            (("2", "r"), &["aa"]),
            (("2", "other"), &["cc"]),
            (("3", "r"), &["cc"]),
        ] {
            assert!(!hashes.prove(&plan, place, orders), "{place:?} {orders:?}");
        }
        let mut changed = hashes.clone();
        changed.add("3", "r", "dd");
        assert!(!changed.prove(&plan, ("1", "r"), &["aa", "bb"]), "the list of hashes has changed");
    }

    #[test]
    fn the_hash_says_what_is_installed_and_not_in_which_order_it_was_found() {
        let one = order("1", &[("i-1", &["a", "b"]), ("i-2", &["a"])]);
        let other = order("2", &[("i-3", &["a"])]);
        let (_, hash) = plan(&[one.clone(), other.clone()]);
        let found_otherwise = order("1", &[("i-2", &["a"]), ("i-1", &["b", "a"])]);
        assert_eq!(plan(&[other.clone(), found_otherwise]).1, hash);
        for different in [
            vec![one.clone()],
            vec![one.clone(), order("3", &[("i-3", &["a"])])],
            vec![order("1", &[("i-1", &["a"]), ("i-2", &["a", "b"])]), other],
        ] {
            assert_ne!(plan(&different).1, hash);
        }
    }
}
