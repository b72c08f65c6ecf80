//! `install-plan.json`: what would be installed in a step, order by order, and the hash that tells two plans apart.

use std::collections::BTreeMap;
use std::io::{self, Write};

use orgpatch_model::digest::sha256_hex;
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

/// A plan that is being written, one order after the other: what is in memory is a hash per chunk of a target.
#[derive(Debug)]
pub struct InstallPlan {
    /// Account and Region → hashes of the orders there, one for each chunk.
    hashes: BTreeMap<(String, String), String>,
}

impl InstallPlan {
    /// Writes the beginning.
    pub fn begin(out: &mut impl Write, step: &str) -> io::Result<Self> {
        write!(out, "{{\"step\":{},\"orders\":[", json!(step))?;
        Ok(Self { hashes: BTreeMap::new() })
    }

    /// One more order, [`sorted`]. Those of one target come in the order of its chunks.
    pub fn add(&mut self, out: &mut impl Write, order: &InstallOrder) -> io::Result<()> {
        let text = serde_json::to_vec(order)?;
        out.write_all(if self.hashes.is_empty() { b"\n" } else { b",\n" })?;
        out.write_all(&text)?;
        self.hashes.entry((order.account_id.clone(), order.region.clone())).or_default().push_str(&sha256_hex(text));
        Ok(())
    }

    /// Writes the end. Returns the SHA-256 (in hex) over the hashes of the orders, in the order of accounts and Regions:
    /// two plans with the same one install the same.
    pub fn end(self, out: &mut impl Write) -> io::Result<String> {
        let sha256 = sha256_hex(self.hashes.into_values().collect::<String>());
        writeln!(out, "\n],\"sha256\":{}}}", json!(sha256))?;
        Ok(sha256)
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
        let sha256 = plan.end(&mut text).expect("written");
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
