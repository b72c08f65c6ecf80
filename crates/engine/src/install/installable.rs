//! What may be installed in a target: everything in its order, nothing before a proof, or what was proved.
//!
//! Where the plan withholds untested patches, a list of rejected patches alone is no proof (see
//! [`crate::promotion::approve`]). A pre-install scan must show what would really go in, and only what it approves is
//! sent.

use super::order::{InstallOrder, OrderedInstance};

/// What may be installed in a target. Made by [`Installable::of`] and [`Installable::recorded`] only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Installable {
    /// No patch is withheld in the target: the order is sent as the install plan has it.
    #[non_exhaustive]
    Unrestricted(InstallOrder),
    /// Patches are withheld, and no pre-install scan has approved an order yet: nothing is sent.
    #[non_exhaustive]
    PendingProof(InstallOrder),
    /// Patches are withheld, and this order is what the pre-install scan has approved: only it is sent.
    #[non_exhaustive]
    Proved(InstallOrder),
}

impl Installable {
    /// Decides by the order of the install plan and the approved order, if there is one yet.
    #[must_use]
    pub fn of(order: InstallOrder, approved: Option<InstallOrder>) -> Self {
        if order.withheld.is_empty() {
            return Self::Unrestricted(order);
        }
        match approved {
            Some(approved) => Self::Proved(approved),
            None => Self::PendingProof(order),
        }
    }

    /// Decides by what is recorded of a target; None if neither order is recorded. A reader that finds an approved order
    /// can leave out the other one, because an order is approved only where patches are withheld.
    #[must_use]
    pub fn recorded(order: Option<InstallOrder>, approved: Option<InstallOrder>) -> Option<Self> {
        match (order, approved) {
            (Some(order), approved) => Some(Self::of(order, approved)),
            (None, approved) => approved.map(Self::Proved),
        }
    }

    /// Returns the order that may be sent; None while the proof is pending.
    #[must_use]
    pub fn to_send(&self) -> Option<&InstallOrder> {
        match self {
            Self::Unrestricted(order) | Self::Proved(order) => Some(order),
            Self::PendingProof(_) => None,
        }
    }

    /// Returns the order that results are reconciled with: the approved one, else that of the install plan. Every
    /// instance of it, and every instance that it leaves out, must end with an outcome, whether it was sent or not.
    #[must_use]
    pub fn ordered(&self) -> &InstallOrder {
        let (Self::Unrestricted(order) | Self::PendingProof(order) | Self::Proved(order)) = self;
        order
    }

    /// The same as [`Installable::ordered`], by value.
    #[must_use]
    pub fn into_ordered(self) -> InstallOrder {
        let (Self::Unrestricted(order) | Self::PendingProof(order) | Self::Proved(order)) = self;
        order
    }

    /// Returns true if a pre-install scan must approve an order before anything is sent.
    #[must_use]
    pub fn needs_pre_install_scan(&self) -> bool {
        matches!(self, Self::PendingProof(_))
    }

    /// Returns the instances that the pre-install scan asks: those of the operating systems whose patches are withheld.
    /// The others need no proof.
    pub fn instances_to_prove(&self) -> impl Iterator<Item = &OrderedInstance> {
        let order = self.ordered();
        order.instances.iter().filter(|instance| order.withheld.contains_key(&instance.os))
    }
}

#[cfg(test)]
mod tests {
    use orgpatch_model::operating_system::OperatingSystem;
    use orgpatch_model::patch::{Patch, PatchDisposition, WithheldPatches};
    use orgpatch_model::reason::Reason;
    use proptest::collection::{btree_map, vec};
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    const SYSTEMS: [OperatingSystem; 3] =
        [OperatingSystem::AmazonLinux2023, OperatingSystem::Ubuntu, OperatingSystem::Windows];

    fn order(instances: &[(&str, OperatingSystem)], withheld: &[OperatingSystem]) -> InstallOrder {
        let patch = |id: &str| Patch {
            id: id.into(),
            title: id.into(),
            classification: String::new(),
            severity: String::new(),
            state: PatchDisposition::Missing,
            cve_ids: vec![],
            more_cve_ids: 0,
        };
        let instance = |(id, os): &(&str, OperatingSystem)| OrderedInstance {
            instance_id: (*id).into(),
            os: *os,
            availability_zone: None,
            missing: vec![patch("bash")],
            more: 0,
            untested: vec![],
            held_back: vec![],
            never_reboot: None,
            reason: Reason::new(orgpatch_model::reason::ReasonCode::PatchesMissing, "x"),
        };
        InstallOrder {
            account_id: "222200000001".into(),
            region: "ap-northeast-1".into(),
            instances: instances.iter().map(instance).collect(),
            left_out: vec![],
            withheld: withheld.iter().map(|os| (*os, vec!["kernel".to_owned()])).collect::<WithheldPatches>(),
            scanned_at: std::collections::BTreeMap::new(),
        }
    }

    const LINUX: OperatingSystem = OperatingSystem::AmazonLinux2023;
    const WINDOWS: OperatingSystem = OperatingSystem::Windows;

    #[test]
    fn without_withheld_patches_the_order_is_sent_as_it_is() {
        let planned = order(&[("i-1", LINUX)], &[]);
        let installable = Installable::of(planned.clone(), None);
        assert_eq!(installable, Installable::Unrestricted(planned.clone()));
        assert_eq!(installable.to_send(), Some(&planned));
        assert_eq!(installable.ordered(), &planned);
        assert!(!installable.needs_pre_install_scan());
        assert_eq!(installable.instances_to_prove().count(), 0);
    }

    #[test]
    fn while_the_proof_is_pending_nothing_is_sent() {
        let planned = order(&[("i-1", LINUX), ("i-2", WINDOWS)], &[WINDOWS]);
        let installable = Installable::of(planned.clone(), None);
        assert_eq!(installable, Installable::PendingProof(planned.clone()));
        assert_eq!(installable.to_send(), None);
        assert!(installable.needs_pre_install_scan());
        // The instance of the other operating system needs no proof, but waits with the target.
        assert_eq!(installable.instances_to_prove().map(|one| one.instance_id.as_str()).collect::<Vec<_>>(), ["i-2"]);
        // A lost proof is not a lost instance: reconciliation knows all of them.
        assert_eq!(installable.ordered(), &planned);
    }

    #[test]
    fn only_what_was_proved_is_sent() {
        let planned = order(&[("i-1", LINUX), ("i-2", WINDOWS)], &[WINDOWS]);
        let approved = order(&[("i-1", LINUX)], &[WINDOWS]);
        let installable = Installable::of(planned, Some(approved.clone()));
        assert_eq!(installable, Installable::Proved(approved.clone()));
        assert_eq!(installable.to_send(), Some(&approved));
        assert!(!installable.needs_pre_install_scan());
        assert_eq!(installable.into_ordered(), approved);
    }

    #[test]
    fn the_records_say_the_same_whether_one_order_was_read_or_both() {
        let planned = order(&[("i-1", LINUX)], &[LINUX]);
        let approved = order(&[], &[LINUX]);
        assert_eq!(Installable::recorded(None, None), None);
        assert_eq!(
            Installable::recorded(Some(planned.clone()), None),
            Some(Installable::PendingProof(planned.clone()))
        );
        let both = Installable::recorded(Some(planned), Some(approved.clone()));
        assert_eq!(both, Some(Installable::Proved(approved.clone())));
        assert_eq!(Installable::recorded(None, Some(approved)), both);
    }

    fn orders() -> impl Strategy<Value = InstallOrder> {
        let instances = vec(select(&SYSTEMS[..]), 0..6);
        let withheld = btree_map(select(&SYSTEMS[..]), vec("[a-z]{1,4}", 1..3), 0..3);
        (instances, withheld).prop_map(|(systems, withheld)| {
            let ids: Vec<String> = (0..systems.len()).map(|n| format!("i-{n}")).collect();
            let instances: Vec<(&str, OperatingSystem)> = ids.iter().map(String::as_str).zip(systems).collect();
            InstallOrder { withheld, ..order(&instances, &[]) }
        })
    }

    proptest! {
        #[test]
        fn where_patches_are_withheld_nothing_is_sent_that_is_not_proved(
            planned in orders(),
            proved in proptest::option::of(vec(any::<bool>(), 6)),
        ) {
            // The pre-install scan approves some of the instances and keeps the list of withheld patches.
            let approved = proved.map(|proved| {
                let kept = planned.instances.iter().zip(proved).filter(|(_, proved)| *proved);
                InstallOrder { instances: kept.map(|(one, _)| one.clone()).collect(), ..planned.clone() }
            });
            let withheld = !planned.withheld.is_empty();
            let installable = Installable::of(planned.clone(), approved.clone());
            match installable.to_send() {
                None => prop_assert!(withheld && approved.is_none()),
                Some(sent) if withheld => prop_assert_eq!(Some(sent), approved.as_ref()),
                Some(sent) => prop_assert_eq!(sent, &planned),
            }
            prop_assert_eq!(installable.needs_pre_install_scan(), withheld && approved.is_none());
            prop_assert!(installable.to_send().is_none_or(|sent| sent == installable.ordered()));
            // A pre-install scan asks about withheld patches only.
            for instance in Installable::of(planned.clone(), None).instances_to_prove() {
                prop_assert!(planned.withheld.contains_key(&instance.os));
            }
        }
    }
}
