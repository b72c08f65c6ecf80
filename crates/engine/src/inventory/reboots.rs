//! Which instances of a target an install may not reboot. The tags that an instance has when it is listed decide. A tag that
//! changes later changes nothing in the run.

use std::collections::HashMap;

use orgpatch_model::instance::Ec2Instance;
use orgpatch_model::reason::{Reason, ReasonCode};
use orgpatch_plan::{NeverReboot, Reboot};

use crate::inventory::InventoryInstance;
use crate::selection::matching_tag;

/// Marks the instances that the plan never reboots, by its `reboot` and `neverReboot`.
pub fn mark(instances: &mut [InventoryInstance], ec2: &[Ec2Instance], reboot: Reboot, never: &NeverReboot) {
    let tagged: HashMap<&str, &Ec2Instance> = ec2.iter().map(|one| (one.id.as_str(), one)).collect();
    for instance in instances {
        let known = tagged.get(instance.instance_id.as_str());
        instance.never_reboot = known.and_then(|known| never_reboot(reboot, never, known));
    }
}

/// Returns why the plan never reboots an instance; None if an install may reboot it.
fn never_reboot(reboot: Reboot, never: &NeverReboot, instance: &Ec2Instance) -> Option<Reason> {
    if reboot == Reboot::Never {
        return Some(Reason::new(ReasonCode::NeverReboot, "the plan reboots no instance"));
    }
    let (key, value) = matching_tag(&never.tags, &instance.tags)?;
    let text = format!("the plan never reboots instances with tag {key}={value}");
    Some(Reason::new(ReasonCode::NeverReboot, text))
}

#[cfg(test)]
mod tests {
    use orgpatch_plan::TagValues;

    use super::*;
    use crate::fixtures::seen;

    #[test]
    fn the_tags_of_an_instance_decide_whether_it_is_rebooted() {
        let tagged = |id: &str, tags: &[(&str, &str)]| Ec2Instance {
            id: id.into(),
            tags: tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
            ..Ec2Instance::default()
        };
        let ec2 = [
            tagged("i-1", &[("Role", "database")]),
            tagged("i-2", &[("Role", "web")]),
            tagged("i-3", &[("Cluster", "")]),
            tagged("i-4", &[]),
        ];
        let marked = |reboot, tags: &[(&str, TagValues)]| {
            let tags = tags.iter().map(|(key, values)| ((*key).to_owned(), values.clone())).collect();
            let mut instances: Vec<InventoryInstance> = ec2.iter().map(|one| seen(&one.id, None)).collect();
            mark(&mut instances, &ec2, reboot, &NeverReboot { tags });
            let never = instances.iter().filter_map(|one| Some((&*one.instance_id, &*one.never_reboot.as_ref()?.text)));
            never.map(|(id, why)| format!("{id} {why}")).collect::<Vec<_>>()
        };
        let none: [&str; 0] = [];
        assert_eq!(marked(Reboot::IfNeeded, &[]), none);
        assert_eq!(
            marked(Reboot::IfNeeded, &[("Role", ["database", "cache"].into()), ("Cluster", TagValues::ANY)]),
            [
                "i-1 the plan never reboots instances with tag Role=database",
                "i-3 the plan never reboots instances with tag Cluster="
            ]
        );
        let all = marked(Reboot::Never, &[]);
        assert_eq!((all.len(), &*all[3]), (4, "i-4 the plan reboots no instance"));
    }
}
