//! Findings depend on the facts of an instance and on nothing else: not on the order in which facts were read, and not
//! on other instances.

use proptest::prelude::*;
use proptest::sample::select;

use super::*;

/// Targets in which much is wrong, each instance in its own way.
fn targets() -> impl Strategy<Value = Situation> {
    let one = (
        select(vec!["subnet-a", "subnet-e", "subnet-unknown"]),
        proptest::sample::subsequence(vec!["sg-i", "sg-e", "sg-other"], 1..=3),
        select(vec!["running", "stopped"]),
        any::<[bool; 4]>(),
        select(vec!["3.3.987.0", "3.1.0.0", "1.0.0.0", "x"]),
        select(vec![("Amazon Linux", "2023"), ("Ubuntu", "18.04"), ("Bottlerocket", "1"), ("SLES", "15.5")]),
    );
    let rules = proptest::collection::vec(
        (
            any::<bool>(),
            select(vec![(443_u16, 443_u16), (80, 80), (0, 65535)]),
            select(vec!["0.0.0.0/0", "10.0.0.0/16", "52.218.0.0/16"]),
        ),
        0..4,
    );
    let entries = proptest::collection::btree_map(
        1..100_u32,
        (any::<bool>(), select(vec![None, Some((443, 443)), Some((1024, 65535))]), any::<bool>()),
        0..6,
    );
    let facts = (
        proptest::collection::vec(one, 1..6),
        rules,
        entries,
        proptest::sample::subsequence(vec!["ssm", "ssmmessages", "s3", "ec2messages"], 0..=4),
        any::<[bool; 4]>(),
    );
    facts.prop_map(|(instances, rules, entries, services, switches)| {
        let mut facts = target();
        facts.instances.clear();
        known(&mut facts.managed).clear();
        for (index, (subnet, groups, state, switches, agent, platform)) in instances.into_iter().enumerate() {
            let id = format!("i-{index}");
            let mut one = instance(&id);
            one.subnet_id = Some(subnet.into());
            one.security_group_ids = groups.into_iter().map(String::from).collect();
            one.state = state.into();
            one.public_ip = switches[0];
            if switches[1] {
                one.instance_profile_arn = None;
            }
            if switches[2] {
                let mut managed = node(&id);
                managed.agent_version = agent.into();
                (managed.platform_name, managed.platform_version) = (platform.0.into(), platform.1.into());
                known(&mut facts.managed).push(managed);
            }
            if switches[3] {
                let inventory = known(&mut facts.inventory);
                inventory.collected.insert(id.clone());
                inventory.packages.insert(id, vec![package("python3", "3.13.0"), package("python2.7", "2.7.1")]);
            }
            facts.instances.push(one);
        }
        let groups = known(&mut facts.network.security_groups);
        for (index, (out, ports, range)) in rules.into_iter().enumerate() {
            let direction = if out { Direction::Out } else { Direction::In };
            let count = groups.len();
            groups[index % count].rules.push(rule(direction, Protocol::Tcp, Some(ports), cidr(range)));
        }
        known(&mut facts.network.network_acls)[0].entries = entries
            .into_iter()
            .map(|(number, (out, ports, allow))| {
                entry(number, if out { Direction::Out } else { Direction::In }, ports, allow)
            })
            .collect();
        known(&mut facts.network.endpoints).retain(|endpoint| services.contains(&endpoint.service.as_str()));
        // Leftovers that are not in use, beside one that may be.
        for (id, state) in [("vpce-0", "deleting"), ("vpce-00", "failed")] {
            let leftover = Endpoint { id: id.into(), state: state.into(), ..interface("ssm") };
            known(&mut facts.network.endpoints).push(leftover);
        }
        if switches[0] {
            known(&mut facts.network.route_tables)[1].routes.push(route("0.0.0.0/0", "nat-1"));
        }
        if switches[1] {
            facts.network.prefix_lists = Fetched::denied("ec2:DescribeManagedPrefixLists");
        }
        if switches[2] {
            facts.network.network_acls = Fetched::denied("ec2:DescribeNetworkAcls");
        }
        if switches[3] {
            facts.inventory = Fetched::denied("ssm:GetInventory");
        }
        facts
    })
}

fn turn<T>(facts: &mut Fetched<Vec<T>>, inside: impl Fn(&mut T)) {
    if let Fetched::Yes(facts) = facts {
        facts.reverse();
        facts.iter_mut().for_each(inside);
    }
}

/// The same facts in another order.
fn turned(mut facts: Situation) -> Situation {
    facts.instances.reverse();
    for instance in &mut facts.instances {
        instance.security_group_ids.reverse();
    }
    turn(&mut facts.managed, |_| ());
    let network = &mut facts.network;
    turn(&mut network.subnets, |_| ());
    turn(&mut network.route_tables, |table| {
        table.routes.reverse();
        table.subnet_ids.reverse();
    });
    turn(&mut network.security_groups, |group| group.rules.reverse());
    turn(&mut network.network_acls, |acl| {
        acl.entries.reverse();
        acl.subnet_ids.reverse();
    });
    turn(&mut network.endpoints, |endpoint| match &mut endpoint.kind {
        EndpointKind::Gateway { route_table_ids } => route_table_ids.reverse(),
        EndpointKind::Interface { subnet_ids, security_group_ids, .. } => {
            subnet_ids.reverse();
            security_group_ids.reverse();
        }
    });
    turn(&mut network.prefix_lists, |list| {
        if let Some(entries) = &mut list.entries {
            entries.reverse();
        }
    });
    if let Fetched::Yes(inventory) = &mut facts.inventory {
        inventory.packages.values_mut().for_each(|packages| packages.reverse());
    }
    facts
}

proptest! {
    #[test]
    fn the_order_of_facts_does_not_matter(facts in targets()) {
        prop_assert_eq!(checked(&facts), checked(&turned(facts)));
    }

    /// No check looks at another instance, which is why the work is linear in their number: whatever the rest of the
    /// target, the findings of an instance are the ones that it has alone.
    #[test]
    fn an_instance_has_the_findings_that_it_has_alone(facts in targets()) {
        let together = checked(&facts);
        for instance in &facts.instances {
            let mut alone = facts.clone();
            alone.instances.retain(|other| other.id == instance.id);
            if let Fetched::Yes(nodes) = &mut alone.managed {
                nodes.retain(|node| node.id == instance.id);
            }
            prop_assert_eq!(&checked(&alone)[&instance.id], &together[&instance.id]);
        }
    }

    #[test]
    fn every_instance_has_every_check_once_and_a_fix_for_every_failure(facts in targets()) {
        for findings in checked(&facts).values() {
            let checks: Vec<Check> = findings.iter().map(|finding| finding.check).collect();
            prop_assert_eq!(checks, Check::ALL);
            for finding in findings {
                let serious = matches!(finding.status, Status::Fail | Status::Warn);
                prop_assert!(!serious || (finding.fix.is_some() && !finding.causes.is_empty()), "{:?}", finding);
                prop_assert!(finding.evidence.ends_with('.'), "{:?}", finding);
            }
        }
    }

    #[test]
    fn causes_do_not_depend_on_the_order_of_findings(facts in targets()) {
        let findings = checked(&facts);
        let there = first_to_fix(findings.values());
        let back = first_to_fix(findings.values().rev());
        prop_assert_eq!(&there, &back);
        prop_assert!(there.is_sorted_by_key(|cause| (std::cmp::Reverse((cause.status, cause.instances)), cause.text.clone())));
    }
}
